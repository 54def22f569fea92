import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls';
import type { KeyPair } from '@nightjar/config';

/** Older versions are broken (RFC 8996). */
const OLDEST_VERSION = 'TLSv1.2';

/** The server's side of TLS, on connections that were accepted and looked at already. */
export class TlsDoor {
  private context: SecureContext;

  /** @param pair a certificate with its chain, and the key of it */
  constructor(pair: KeyPair) {
    this.context = contextOf(pair);
  }

  /** What is shown to those who come from now on; who is inside stays. */
  update(pair: KeyPair): void {
    this.context = contextOf(pair);
  }

  /**
   * Takes a connection through the handshake. When it fails the connection is closed.
   * @param head what was read of it already
   * @param secured called with the socket inside, which nobody reads yet
   */
  enter(socket: Socket, head: Buffer, secured: (inside: TLSSocket) => void): void {
    socket.unshift(head);
    const inside = new TLSSocket(socket, { isServer: true, secureContext: this.context });
    inside.on('error', () => inside.destroy());
    inside.once('secure', () => secured(inside));
  }
}

function contextOf({ cert, key }: KeyPair): SecureContext {
  return createSecureContext({ cert, key, minVersion: OLDEST_VERSION });
}
