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
 * Whoever writes to the socket in another way calls {@link pause} before.
 *
 * The socket is not looked at per write: its properties are found through caches that all streams of a process share, which
 * costs more than the rest of the way there.
 */
export class DirectSend {
  private usable = true;
  private closed = false;

  private constructor(
    private readonly libc: Libc,
    private readonly fd: number,
    socket: Socket,
  ) {
    // A handle that was let go frees its descriptor at once, and the next connection may get the same number.
    const destroy = socket._destroy.bind(socket);
    socket._destroy = (error, done) => {
      this.closed = true;
      this.usable = false;
      destroy(error, done);
    };
  }

  /** @returns undefined where Node must do it: inside TLS, and on platforms without {@link libc} */
  static of(socket: Socket): DirectSend | undefined {
    const { _handle: handle } = socket as SocketWithHandle;
    if (libc === undefined || 'encrypted' in socket || typeof handle?.fd !== 'number')
      return undefined;
    return handle.fd < 0 ? undefined : new DirectSend(libc, handle.fd, socket);
  }

  /**
   * @param bytes not kept
   * @returns how many bytes were taken; the rest, all of it while paused or where an error stands in the way, is for the socket
   */
  send(bytes: Buffer): number {
    if (!this.usable) return 0;
    const taken = this.libc.send(this.fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    return taken > 0 ? taken : 0;
  }

  /** Takes nothing any more: older bytes stand in the way, the stream has ended, or the socket goes elsewhere. */
  pause(): void {
    this.usable = false;
  }

  /** Nothing stands in the way any more. */
  resume(): void {
    this.usable = !this.closed;
  }
}
