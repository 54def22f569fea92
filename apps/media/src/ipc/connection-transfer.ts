import type { Socket } from 'node:net';
import type { Peer } from '@nightjar/relay';
import type { IpcChannel } from '@nightjar/supervision';
import type { ConnectionMessage, ConnectionTaken } from './messages.js';

/** A connection on its way to another process. */
export interface Travelling {
  /** Nobody reads it any more. */
  readonly socket: Socket;
  /** What was read of it and not answered. */
  readonly head: Buffer;
  /** Who is behind it. */
  readonly peer: Peer;
}

/**
 * Sends open connections to the process at the other end. A connection stays open here until that process says that it
 * has it, so that one whose process dies first can still be given to another.
 */
export class ConnectionTransfer<T extends Travelling> {
  private readonly underWay = new Map<number, T>();
  private lastId = 0;

  /** @param lost called with each connection that the other process did not take */
  constructor(
    private readonly channel: IpcChannel,
    private readonly lost: (travelling: T) => void,
  ) {
    channel.onGone(() => {
      for (const id of this.underWay.keys()) this.fail(id);
    });
  }

  /** Connections that were sent and not taken yet. */
  get size(): number {
    return this.underWay.size;
  }

  send(travelling: T): void {
    const id = ++this.lastId;
    this.underWay.set(id, travelling);
    const message: ConnectionMessage = {
      type: 'connection',
      id,
      head: travelling.head.toString('base64'),
      peer: travelling.peer,
    };
    this.channel.send(message, travelling.socket).catch(() => this.fail(id));
  }

  /** The other process has it: only its copy stays open. */
  taken(id: number): T | undefined {
    const travelling = this.underWay.get(id);
    this.underWay.delete(id);
    travelling?.socket.destroy();
    return travelling;
  }

  private fail(id: number): void {
    const travelling = this.underWay.get(id);
    if (travelling === undefined) return;
    this.underWay.delete(id);
    this.lost(travelling);
  }
}

/**
 * Takes a connection that came over a channel. Undefined when its peer has left meanwhile.
 * @returns what to go on with; the socket is read by nobody yet
 */
export function takeConnection(
  channel: IpcChannel,
  message: ConnectionMessage,
  socket: Socket | undefined,
): Travelling | undefined {
  const taken: ConnectionTaken = { type: 'connection-taken', id: message.id };
  // A sender that is gone has closed its copy by that.
  void channel.send(taken).catch(() => undefined);
  return socket && { socket, head: Buffer.from(message.head, 'base64'), peer: message.peer };
}
