import type { LowerTransport } from '@nightjar/rtsp';
import type { LinkVia } from './link/camera-link.js';

/** `http` and `websocket`: interleaved, inside a connection of that kind. */
export type TransportMode = 'auto' | 'tcp' | 'udp' | 'multicast' | 'http' | 'websocket';

/** Which transport the next connection asks for first, and whether it may fall back within itself. */
export class TransportChoice {
  private forced: LowerTransport | undefined;

  constructor(private readonly mode: TransportMode) {}

  get transport(): LowerTransport {
    if (this.forced !== undefined) return this.forced;
    return this.mode === 'udp' || this.mode === 'multicast' ? this.mode : 'tcp';
  }

  /** What the connection is wrapped in. */
  get via(): LinkVia {
    return this.mode === 'http' || this.mode === 'websocket' ? this.mode : 'direct';
  }

  get fallback(): boolean {
    return this.mode !== 'tcp' && this.via === 'direct' && this.forced === undefined;
  }

  /** The server refused what was asked for over the whole connection. Returns false when there is nothing else to try. */
  refused(): boolean {
    if (!this.fallback) return false;
    this.forced = this.transport === 'tcp' ? 'udp' : 'tcp';
    return true;
  }

  /** UDP or a group was agreed on, but nothing came. Only who asked for that first still has TCP to try. */
  silent(): boolean {
    return this.mode !== 'auto' && this.refused();
  }

  /** The forced transport does not work either: the next attempt begins with the configured one. */
  reset(): void {
    this.forced = undefined;
  }
}
