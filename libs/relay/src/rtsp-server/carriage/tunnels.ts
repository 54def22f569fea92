import { NightjarError, type Clock, type Timer } from '@nightjar/common';
import type { ByteStream } from './byte-stream.js';
import { TunnelStream } from './tunnel-stream.js';

/** The second half of a tunnel must come within this time of the first. */
export const PAIRING_MS = 10_000;
/** Tunnels whose second half is awaited. */
export const MAX_UNPAIRED_TUNNELS = 256;

interface Tunnel {
  readonly stream: TunnelStream;
  /** Runs until the first POST comes. */
  expiry: Timer | undefined;
}

/**
 * Joins the halves of HTTP tunnels by their cookies. A cookie counts for the address it came from and for TLS or not
 * alone, so that nobody elsewhere can send in another's tunnel, take it over or find out that it is there.
 */
export class Tunnels {
  private readonly byKey = new Map<string, Tunnel>();
  private unpaired = 0;

  /** @param arrived a tunnel has both halves; called before the bytes of the second one are looked at */
  constructor(
    private readonly clock: Clock,
    private readonly arrived: (stream: TunnelStream) => void,
  ) {}

  /** Tunnels that are open, with both halves or one. */
  get size(): number {
    return this.byKey.size;
  }

  /**
   * The receiving half of a new tunnel.
   * @throws NightjarError with status 409 while there is one with this cookie, 503 when too many wait
   */
  open(get: ByteStream, cookie: string): void {
    const key = keyOf(get, cookie);
    if (this.byKey.has(key)) throw refusal('conflict', 409, 'a tunnel with this cookie is open');
    if (this.unpaired >= MAX_UNPAIRED_TUNNELS)
      throw refusal('exhausted', 503, 'too many tunnels wait for their POST');
    this.unpaired += 1;
    const tunnel: Tunnel = {
      stream: new TunnelStream(get, () => {
        this.paired(tunnel);
        this.byKey.delete(key);
      }),
      expiry: this.clock.setTimer(PAIRING_MS, () => tunnel.stream.close()),
    };
    this.byKey.set(key, tunnel);
  }

  /**
   * The sending half, for the first time or again.
   * @param head what was read of its body already
   * @throws NightjarError with status 404 when no such tunnel is open for this client
   */
  attach(post: ByteStream, cookie: string, head: Buffer): void {
    const tunnel = this.byKey.get(keyOf(post, cookie));
    if (tunnel === undefined) throw refusal('not-found', 404, 'no tunnel with this cookie is open');
    if (this.paired(tunnel)) this.arrived(tunnel.stream);
    tunnel.stream.attach(post, head);
  }

  /** Closes the tunnels that have only one half. */
  closeUnpaired(): void {
    for (const { stream, expiry } of this.byKey.values()) if (expiry !== undefined) stream.close();
  }

  /** @returns whether it was the first time */
  private paired(tunnel: Tunnel): boolean {
    if (tunnel.expiry === undefined) return false;
    tunnel.expiry.cancel();
    tunnel.expiry = undefined;
    this.unpaired -= 1;
    return true;
  }
}

function keyOf({ peer }: ByteStream, cookie: string): string {
  return `${peer.secure ? 'tls' : 'tcp'} ${peer.address} ${cookie}`;
}

function refusal(kind: 'conflict' | 'exhausted' | 'not-found', status: number, message: string) {
  return new NightjarError(kind, 'relay/tunnel', message, { status });
}
