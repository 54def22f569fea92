import { TokenBucket, type Clock } from '@nightjar/common';
import { clientKey } from './address.js';

/** Twice a second's requests may come at once: players set up all tracks in one go. */
export const REQUEST_BURST_SECONDS = 2;
/** Clients that are remembered; of more, those that asked longest ago begin anew. */
const MAX_CLIENTS = 16_384;

/** Requests per second of each client, whatever number of connections it has. An IPv6 client is its /64. */
export class RequestRates {
  /** The one that asked longest ago first. */
  private readonly buckets = new Map<string, TokenBucket>();
  private perSecond = 0;

  /** @param rate asked anew each time; when it changes, all begin anew */
  constructor(
    private readonly clock: Clock,
    private readonly rate: () => number,
  ) {}

  get clients(): number {
    return this.buckets.size;
  }

  /** Whether the client may ask once more now. */
  take(address: string): boolean {
    const perSecond = this.rate();
    if (perSecond !== this.perSecond) this.buckets.clear();
    this.perSecond = perSecond;
    const key = clientKey(address);
    const nowMs = this.clock.monotonicMs();
    const bucket =
      this.buckets.get(key) ?? new TokenBucket(perSecond, REQUEST_BURST_SECONDS * perSecond, nowMs);
    this.buckets.delete(key);
    this.buckets.set(key, bucket);
    if (this.buckets.size > MAX_CLIENTS) this.forgetOldest();
    return bucket.take(1, nowMs);
  }

  private forgetOldest(): void {
    for (const key of this.buckets.keys()) {
      this.buckets.delete(key);
      return;
    }
  }
}
