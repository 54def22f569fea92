import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { RtspStreamParser } from '@nightjar/rtsp';
import type { RtspRequest, RtspResponse } from '@nightjar/rtsp';

type Arrival = RtspRequest | RtspResponse | { readonly channel: number; readonly packet: Buffer };

/** A bare RTSP client that shows answers and packets in the order of arrival, and the end of the connection. */
export class RtspClient {
  private readonly arrivals: Arrival[] = [];
  private ended = false;
  private wake: () => void = () => undefined;
  private readonly parser = new RtspStreamParser({
    message: (message) => this.arrived(message),
    interleaved: (channel, buf, offset, length) =>
      this.arrived({ channel, packet: Buffer.from(buf.subarray(offset, offset + length)) }),
  });

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => this.parser.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.ended = true;
      this.wake();
    });
  }

  /** Rejects when the connection is refused. */
  static async open(url: string): Promise<RtspClient> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new RtspClient(socket);
  }

  /** The next answer or packet; undefined when the server closed. */
  async next(): Promise<Arrival | undefined> {
    while (this.arrivals.length === 0 && !this.ended) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.arrivals.shift();
  }

  async ask(
    method: string,
    uri: string,
    headers: Record<string, string> = {},
  ): Promise<RtspResponse> {
    const lines = Object.entries({ CSeq: '1', ...headers }).map(
      ([key, value]) => `${key}: ${value}\r\n`,
    );
    this.socket.write(`${method} ${uri} RTSP/1.0\r\n${lines.join('')}\r\n`);
    for (;;) {
      const arrival = await this.next();
      if (arrival === undefined) throw new Error(`closed instead of an answer to ${method}`);
      if ('status' in arrival) return arrival;
    }
  }

  /** Sets up the first track over TCP and plays. */
  async play(url: string): Promise<void> {
    const transport = 'RTP/AVP/TCP;unicast;interleaved=0-1';
    const setup = await this.ask('SETUP', `${url}/trackID=0`, { Transport: transport });
    const session = setup.headers.get('Session')?.split(';')[0] ?? '';
    const { status } = await this.ask('PLAY', url, { Session: session });
    if (status !== 200) throw new Error(`PLAY was answered ${status}`);
  }

  /** Reads until the server closes. */
  async untilClosed(): Promise<void> {
    while ((await this.next()) !== undefined);
  }

  private arrived(arrival: Arrival): void {
    this.arrivals.push(arrival);
    this.wake();
  }

  close(): void {
    this.socket.destroy();
  }
}
