import { Control } from './control.js';
import type { Reader } from './reader.js';
import type { StreamSample } from './stream-sample.js';

const TRANSPORT = 'RTP/AVP/TCP;unicast;interleaved=0-1';

/** A viewer with the stream interleaved in its RTSP connection; without a sample it counts bytes and no more. */
export class TcpReader implements Reader {
  bytes = 0;
  private readonly control: Control;

  constructor(
    url: URL,
    readonly sample?: StreamSample,
  ) {
    this.control = new Control(url, {
      bytes: (chunk) => {
        this.bytes += chunk.length;
      },
      packet: (buf, offset, length) => this.sample?.packet(buf, offset, length),
    });
  }

  async open(): Promise<void> {
    await this.control.setUp(TRANSPORT);
    await this.control.play(this.sample === undefined);
  }

  keepAlive(): void {
    this.control.keepAlive();
  }

  stall(stalled: boolean): void {
    this.control.stall(stalled);
  }

  close(): void {
    this.control.close();
  }
}

/** A connection that is just written to; its sample sees stamps only. */
export class RawTcpReader implements Reader {
  bytes = 0;
  private readonly control: Control;

  constructor(
    url: URL,
    readonly sample?: StreamSample,
  ) {
    this.control = new Control(url, {
      bytes: (chunk) => {
        this.bytes += chunk.length;
        this.sample?.bytes(chunk);
      },
    });
  }

  async open(): Promise<void> {
    await this.control.connected();
  }

  close(): void {
    this.control.close();
  }
}
