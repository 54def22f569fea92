import type { Socket } from 'node:net';
import { MSG_DONTWAIT, MSG_NOSIGNAL, libc, type Libc } from '../../libc.js';

interface DescriptorHandle {
  /** Negative when it is closed. */
  readonly fd: number;
}

type SocketWithHandle = Socket & { readonly _handle: DescriptorHandle | null };

/**
 * Writes to a TCP socket by send(2), past Node's streams: a write to a socket that has room costs a third less, and leaves
 * no request object behind. What the kernel does not take is left to the socket, which queues it and learns of errors.
 */
export class DirectSend {
  private constructor(
    private readonly libc: Libc,
    private readonly socket: SocketWithHandle,
    private readonly handle: DescriptorHandle,
    private readonly fd: number,
  ) {}

  /** @returns undefined where Node must do it: inside TLS, and on platforms without {@link libc} */
  static of(socket: Socket): DirectSend | undefined {
    const { _handle: handle } = socket as SocketWithHandle;
    if (libc === undefined || 'encrypted' in socket || typeof handle?.fd !== 'number')
      return undefined;
    return handle.fd < 0
      ? undefined
      : new DirectSend(libc, socket as SocketWithHandle, handle, handle.fd);
  }

  /**
   * @param bytes not kept
   * @returns how many bytes were taken; the rest, all of it where an error or older bytes stand in the way, is for the socket
   */
  send(bytes: Buffer): number {
    const { socket } = this;
    const { _handle: handle } = socket;
    // A handle that was let go frees its descriptor at once, and the next connection may get the same number.
    if (handle !== this.handle || socket.writableLength > 0 || socket.writableEnded) return 0;
    const taken = this.libc.send(this.fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    return taken > 0 ? taken : 0;
  }
}
