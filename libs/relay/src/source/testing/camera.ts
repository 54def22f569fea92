import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { sequenceOf } from '@nightjar/rtp';
import {
  RtspHeaders,
  RtspStreamParser,
  encodeInterleaved,
  printResponse,
  type RtspRequest,
  type SdpTrack,
} from '@nightjar/rtsp';
import type { SourceSink } from '../source.js';

const SDP = 'v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:t0\r\n';

export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** A script that lets nobody in, whatever the login. */
export const asksFor = (scheme: 'Basic' | 'Digest') => (): Reply => ({
  status: 401,
  headers: { 'WWW-Authenticate': `${scheme} realm="cam", nonce="n"` },
});

/** A camera on loopback that answers plainly unless a script says otherwise. */
export class Camera {
  readonly requests: RtspRequest[] = [];
  readonly connections: Socket[] = [];
  script: (request: RtspRequest, socket: Socket) => Reply | 'mute' | undefined = () => undefined;
  private readonly server: Server = createServer((socket) => this.accept(socket));

  async open(port = 0): Promise<number> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.connections) socket.destroy();
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, 'close');
  }

  get methods(): string[] {
    return this.requests.map(({ method }) => method);
  }

  /** Sends one packet on the newest connection. */
  media(packet: Buffer, channel = 0): void {
    this.connections.at(-1)?.write(encodeInterleaved(channel, packet));
  }

  private accept(socket: Socket): void {
    this.connections.push(socket);
    socket.on('error', () => undefined);
    const parser = new RtspStreamParser({
      message: (message) => {
        if (message.kind === 'request') this.answer(message, socket);
      },
      interleaved: () => undefined,
    });
    socket.on('data', (chunk) => parser.push(chunk));
  }

  private answer(request: RtspRequest, socket: Socket): void {
    this.requests.push(request);
    const reply = this.script(request, socket) ?? plain(request);
    if (reply === 'mute') return;
    const headers = RtspHeaders.from({ CSeq: request.headers.get('CSeq') ?? '', ...reply.headers });
    socket.write(
      printResponse({ status: reply.status ?? 200, headers, body: Buffer.from(reply.body ?? '') }),
    );
  }
}

function plain(request: RtspRequest): Reply {
  if (request.method === 'DESCRIBE') return { body: SDP };
  if (request.method !== 'SETUP') return {};
  return { headers: { Session: 'abc', Transport: request.headers.get('Transport') ?? '' } };
}

/** Notes what a source says and lets a test wait for it. */
export class NotingSink implements SourceSink {
  readonly log: string[] = [];
  /** Copies. */
  readonly packets: Buffer[] = [];
  told: readonly SdpTrack[] = [];
  private waiting: { readonly until: string; readonly count: number; readonly done: () => void }[] =
    [];

  online(tracks: readonly SdpTrack[]): void {
    this.told = tracks;
    this.note('online');
  }
  rtp(_track: number, buf: Buffer, offset: number, length: number): void {
    this.packets.push(Buffer.from(buf.subarray(offset, offset + length)));
    this.note(`rtp ${sequenceOf(buf, offset)}`);
  }
  senderReport(): void {
    this.note('sr');
  }
  flush(): void {
    this.note('flush');
  }
  offline(reason: string): void {
    this.note(`offline ${reason}`);
  }

  /** Resolves when `line` was noted for the `count`-th time. */
  async seen(line: string, count = 1): Promise<void> {
    if (this.times(line) >= count) return;
    await new Promise<void>((done) => this.waiting.push({ until: line, count, done }));
  }

  times(line: string): number {
    return this.log.filter((other) => other === line).length;
  }

  private note(line: string): void {
    this.log.push(line);
    this.waiting = this.waiting.filter(({ until, count, done }) => {
      if (this.times(until) < count) return true;
      done();
      return false;
    });
  }
}
