import type { LowerTransport } from '@nightjar/rtsp';

export type TransportMode = 'auto' | 'tcp' | 'udp' | 'multicast';

/** Which transport the next connection asks for first, and whether it may fall back within itself. */
export class TransportChoice {
  private forced: LowerTransport | undefined;

  constructor(private readonly mode: TransportMode) {}

  get transport(): LowerTransport {
    return this.forced ?? (this.mode === 'auto' ? 'tcp' : this.mode);
  }

  get fallback(): boolean {
    return this.mode !== 'tcp' && this.forced === undefined;
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
