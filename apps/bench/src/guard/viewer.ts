import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { RtspStreamParser, resolveControl, parseSdp, type RtspResponse } from '@nightjar/rtsp';

/** A player of the first track that counts the packets it gets. */
export class Viewer {
  packets = 0;
  private awaited: { readonly packets: number; readonly reached: () => void } | undefined;
  private answered: ((response: RtspResponse) => void) | undefined;
  private cseq = 0;

  private constructor(
    private readonly socket: Socket,
    private readonly datagrams: readonly UdpSocket[],
  ) {
    const parser = new RtspStreamParser({
      message: (message) => {
        if (message.kind === 'response') this.answered?.(message);
      },
      interleaved: (channel) => {
        if (channel === 0) this.count();
      },
    });
    socket.on('data', (chunk: Buffer) => parser.push(chunk));
    datagrams[0]?.on('message', () => this.count());
  }

  /** Plays `url` over the given transport. @throws Error when anything is refused */
  static async open(url: URL, transport: 'tcp' | 'udp'): Promise<Viewer> {
    const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    await once(socket, 'connect');
    const datagrams = transport === 'tcp' ? [] : [await bound(), await bound()];
    const viewer = new Viewer(socket, datagrams);
    const { body, headers } = await viewer.ask('DESCRIBE', url.href, {});
    const base = headers.get('Content-Base') ?? url.href;
    const { control } = parseSdp(body.toString()).tracks[0]!;
    const ports = datagrams.map((one) => one.address().port).join('-');
    const setUp = await viewer.ask('SETUP', resolveControl(base, control), {
      Transport:
        transport === 'tcp'
          ? 'RTP/AVP/TCP;unicast;interleaved=0-1'
          : `RTP/AVP;unicast;client_port=${ports}`,
    });
    const session = setUp.headers.get('Session')?.split(';')[0] ?? '';
    await viewer.ask('PLAY', base, { Session: session });
    return viewer;
  }

  /** Resolves when so many packets have come in all. */
  async reaches(packets: number): Promise<void> {
    if (this.packets >= packets) return;
    await new Promise<void>((reached) => {
      this.awaited = { packets, reached };
    });
  }

  close(): void {
    this.socket.destroy();
    for (const one of this.datagrams) one.close();
  }

  private count(): void {
    this.packets++;
    if (this.awaited !== undefined && this.packets >= this.awaited.packets) {
      this.awaited.reached();
      this.awaited = undefined;
    }
  }

  private async ask(
    method: string,
    uri: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<RtspResponse> {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const answer = new Promise<RtspResponse>((resolve) => {
      this.answered = resolve;
    });
    this.socket.write(`${method} ${uri} RTSP/1.0\r\nCSeq: ${++this.cseq}\r\n${lines.join('')}\r\n`);
    const response = await answer;
    if (response.status !== 200) throw new Error(`${method} ${uri}: ${response.status}`);
    return response;
  }
}

async function bound(): Promise<UdpSocket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}
