import type { Socket } from 'node:net';
import type { Clock, Timer } from '@nightjar/common';
import type { WebSocket } from 'ws';
import {
  GENTLE_CLOSE_MS,
  type ByteStream,
  type ByteStreamEvents,
  type Peer,
} from './byte-stream.js';
import { onceDrained } from './once-drained.js';

/** How often a peer is asked whether it is there. Its answer is no sign of life of an RTSP session. */
export const PING_INTERVAL_MS = 30_000;
/** Pings in a row that may go without an answer. */
const MAX_UNANSWERED_PINGS = 2;
const UNSUPPORTED_DATA = 1003;

/**
 * RTSP in the binary messages of a WebSocket (ONVIF Streaming s.7). Where messages begin and end means nothing: it is a
 * byte stream. Each write is one message.
 */
export class WebSocketStream implements ByteStream {
  private pingTimer: Timer | undefined;
  private unanswered = 0;

  /** @param socket what the WebSocket runs on */
  constructor(
    private readonly webSocket: WebSocket,
    private readonly socket: Socket,
    readonly peer: Peer,
    private readonly clock: Clock,
  ) {
    webSocket.binaryType = 'nodebuffer';
    webSocket.pause();
    // Until somebody listens, an error has nobody to surprise.
    webSocket.on('error', () => webSocket.terminate());
  }

  get queuedBytes(): number {
    return this.webSocket.bufferedAmount;
  }

  get closed(): boolean {
    return this.webSocket.readyState !== this.webSocket.OPEN;
  }

  open(events: ByteStreamEvents): void {
    const { webSocket } = this;
    webSocket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) events.data(data);
      else webSocket.close(UNSUPPORTED_DATA, 'binary messages only');
    });
    webSocket.on('pong', () => {
      this.unanswered = 0;
    });
    webSocket.on('error', () => events.ended());
    webSocket.on('close', () => {
      this.pingTimer?.cancel();
      events.closed();
    });
    webSocket.resume();
    this.schedulePing();
  }

  write(bytes: Buffer): boolean {
    if (this.closed) return false;
    this.webSocket.send(bytes);
    return this.queuedBytes > 0;
  }

  onceDrained(listener: () => void): void {
    onceDrained(this.socket, listener);
  }

  close(): void {
    this.webSocket.terminate();
  }

  closeGently(): void {
    this.webSocket.close();
    this.socket.setTimeout(GENTLE_CLOSE_MS, () => this.close());
  }

  private schedulePing(): void {
    this.pingTimer = this.clock.setTimer(PING_INTERVAL_MS, () => {
      if (this.unanswered >= MAX_UNANSWERED_PINGS) {
        this.close();
        return;
      }
      this.unanswered += 1;
      if (!this.closed) this.webSocket.ping();
      this.schedulePing();
    });
  }
}
