import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { RtspStreamParser, type RtspRequest, type RtspResponse } from '@nightjar/rtsp';

/** A client that sends text and collects answers and frames in the order of arrival. */
export class TestClient {
  readonly arrivals: (RtspResponse | { channel: number; bytes: Buffer })[] = [];
  /** What the server asked. */
  readonly requests: RtspRequest[] = [];
  /** Version of the requests. */
  version = 'RTSP/1.0';
  private wake: () => void = () => undefined;
  private readonly parser = new RtspStreamParser({
    message: (message) => {
      if (message.kind === 'response') this.arrived(message);
      else {
        this.requests.push(message);
        this.wake();
      }
    },
    interleaved: (channel, buf, offset, length) =>
      this.arrived({ channel, bytes: Buffer.from(buf.subarray(offset, offset + length)) }),
  });

  private constructor(
    readonly socket: Duplex,
    private readonly send: (text: string) => void,
  ) {
    socket.on('data', (chunk: Buffer) => this.parser.push(chunk));
    socket.on('error', () => undefined);
  }

  static async open(port: number, localAddress = '127.0.0.1'): Promise<TestClient> {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    await once(socket, 'connect');
    return TestClient.over(socket);
  }

  /** @param send how to send, where it is not to where the answers come from */
  static over(
    socket: Duplex,
    send: (text: string) => void = (text) => void socket.write(text),
  ): TestClient {
    return new TestClient(socket, send);
  }

  async next(): Promise<RtspResponse | { channel: number; bytes: Buffer }> {
    while (this.arrivals.length === 0) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.arrivals.shift()!;
  }

  /** The next request of the server. */
  async nextRequest(): Promise<RtspRequest> {
    while (this.requests.length === 0) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.requests.shift()!;
  }

  async ask(
    method: string,
    uri: string,
    headers: Record<string, string> = {},
    body = '',
  ): Promise<RtspResponse> {
    const lines = Object.entries({ CSeq: '1', ...headers }).map(
      ([name, value]) => `${name}: ${value}\r\n`,
    );
    const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`;
    this.send(`${method} ${uri} ${this.version}\r\n${lines.join('')}${length}\r\n${body}`);
    for (;;) {
      const arrival = await this.next();
      if ('status' in arrival) return arrival;
    }
  }

  private arrived(arrival: (typeof this.arrivals)[number]): void {
    this.arrivals.push(arrival);
    this.wake();
  }
}
