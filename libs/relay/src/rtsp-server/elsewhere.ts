import type { Socket } from 'node:net';
import type { Peer } from './carriage/byte-stream.js';

/** The other processes that serve through the same port. */
export interface Elsewhere {
  /** Whether another process serves what a request URI names. Never throws. */
  serves(uri: string): boolean;
  /**
   * Takes a connection over. Nothing waits to be written to the socket and nobody reads it.
   * @param unread the bytes from the request on that is to be answered elsewhere; the callee's own
   * @param peer who is behind the socket
   */
  take(socket: Socket, unread: Buffer, peer: Peer): void;
  /** A request for another process came on a connection that cannot be passed on, and was answered 503. */
  refused(uri: string): void;
}
