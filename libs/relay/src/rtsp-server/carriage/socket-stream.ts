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
  }

  get queuedBytes(): number {
    return this.socket.writableLength;
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

  write(bytes: Buffer): void {
    const taken = this.direct?.send(bytes) ?? 0;
    if (taken < bytes.length) this.socket.write(taken === 0 ? bytes : bytes.subarray(taken));
  }

  onceDrained(listener: () => void): void {
    onceDrained(this.socket, listener);
  }

  close(): void {
    this.socket.destroy();
  }

  closeGently(): void {
    this.socket.end();
    this.socket.setTimeout(GENTLE_CLOSE_MS, () => this.close());
  }

  stopReading(): Buffer {
    return stopReading(this.socket);
  }

  async release(): Promise<Socket> {
    const { socket } = this;
    await new Promise((resolve) => socket.write(NO_BYTES, resolve));
    socket.removeAllListeners();
    socket.on('error', () => socket.destroy());
    return socket;
  }
}
