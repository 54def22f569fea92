import type { Socket } from 'node:net';
import { stopReading } from '@nightjar/supervision';
import {
  GENTLE_CLOSE_MS,
  type ByteStream,
  type ByteStreamEvents,
  type MovableStream,
  type Peer,
} from './byte-stream.js';
import { DirectSend } from './direct-send.js';
import { onceDrained } from './once-drained.js';

const NO_BYTES = Buffer.alloc(0);

/** Who opened a TCP connection in the clear. */
export function directPeer(socket: Socket): Peer {
  return { address: socket.remoteAddress ?? '', secure: false, via: 'direct' };
}

/** A TCP connection, or TLS on one. */
export class SocketStream implements ByteStream, MovableStream {
  private readonly direct: DirectSend | undefined;
  /** Whether the socket has bytes that the kernel has not; always, where it gets them all. */
  private queuing: boolean;
  private ending = false;
  /** The socket has written something that was left to it. */
  private readonly written = (): void => {
    if (this.direct === undefined || this.ending || this.socket.writableLength > 0) return;
    this.queuing = false;
    this.direct.resume();
  };

  /**
   * @param socket nobody reads it yet
   * @param peer who is behind it, which need not be who opened the socket
   */
  constructor(
    readonly socket: Socket,
    readonly peer: Peer,
  ) {
    socket.setNoDelay(true);
    this.direct = DirectSend.of(socket);
    this.queuing = this.direct === undefined;
  }

  get queuedBytes(): number {
    return this.queuing ? this.socket.writableLength : 0;
  }

  get closed(): boolean {
    return this.socket.destroyed;
  }

  /** TLS has state that no other process can go on with. */
  get movable(): MovableStream | undefined {
    return 'encrypted' in this.socket ? undefined : this;
  }

  open(events: ByteStreamEvents): void {
    const { socket } = this;
    socket.on('data', (chunk: Buffer) => events.data(chunk));
    socket.on('error', () => events.ended());
    socket.on('end', () => events.ended());
    socket.on('close', () => events.closed());
    socket.resume();
  }

  write(bytes: Buffer): boolean {
    const taken = this.direct?.send(bytes) ?? 0;
    if (taken === bytes.length) return false;
    this.direct?.pause();
    this.queuing = true;
    this.socket.write(taken === 0 ? bytes : bytes.subarray(taken), this.written);
    return this.socket.writableLength > 0;
  }

  onceDrained(listener: () => void): void {
    onceDrained(this.socket, listener);
  }

  close(): void {
    this.socket.destroy();
  }

  closeGently(): void {
    this.leaveToSocket();
    this.socket.end();
    this.socket.setTimeout(GENTLE_CLOSE_MS, () => this.close());
  }

  stopReading(): Buffer {
    return stopReading(this.socket);
  }

  async release(): Promise<Socket> {
    const { socket } = this;
    this.leaveToSocket();
    await new Promise((resolve) => socket.write(NO_BYTES, resolve));
    socket.removeAllListeners();
    socket.on('error', () => socket.destroy());
    return socket;
  }

  private leaveToSocket(): void {
    this.ending = true;
    this.queuing = true;
    this.direct?.pause();
  }
}
