import { isIPv4 } from 'node:net';
import { NightjarError } from '@nightjar/common';

/** Ports of one group, an RTP and an RTCP port per track. */
const PORTS_PER_GROUP = 16;
const MAX_PORT = 65_535;
/** 224.0.0.0/4, RFC 5771. */
const CLASS_D_BITS = 4;
const CLASS_D = 0xe;

export interface MulticastRangeOptions {
  /** IPv4 multicast addresses, as `239.192.0.0/16`. */
  readonly range: string;
  /** Even. */
  readonly firstPort: number;
  /** Inclusive. */
  readonly lastPort: number;
  /** Which part of the addresses is ours, where several processes share the range. */
  readonly shard?: { readonly index: number; readonly count: number };
}

/** Where one stream is sent. */
export interface MulticastSlot {
  readonly address: string;
  /** RTP port of a track, with RTCP on the next one; undefined for a track beyond the ports of one group. */
  port(track: number): number | undefined;
}

/**
 * Addresses for streams. A stream keeps its address while others leave it one: what a description said is true at SETUP,
 * tomorrow, and mostly after a restart too.
 */
export class MulticastRange {
  private readonly base: number;
  private readonly slots: number;
  private readonly slotOf = new Map<string, number>();
  private readonly streamAt = new Map<number, string>();

  /** @throws NightjarError 'invalid' when there is no group in it */
  constructor(private readonly options: MulticastRangeOptions) {
    const { base, bits } = parseRange(options.range);
    const { firstPort, lastPort, shard = { index: 0, count: 1 } } = options;
    if (firstPort % 2 !== 0 || lastPort > MAX_PORT || lastPort - firstPort + 1 < PORTS_PER_GROUP) {
      throw new NightjarError(
        'invalid',
        'rtsp/multicast-ports',
        `multicast ports must be ${PORTS_PER_GROUP} or more from an even one on`,
        { firstPort, lastPort },
      );
    }
    this.base = base;
    this.slots = Math.floor((2 ** (32 - bits) - shard.index + shard.count - 1) / shard.count);
    if (this.slots < 1) {
      throw new NightjarError(
        'invalid',
        'rtsp/multicast-range',
        `${options.range} has fewer addresses than there are processes`,
      );
    }
  }

  /**
   * The address of a stream; the same as before where it can be.
   * @param inUse whether another stream's address must not be taken away
   * @throws NightjarError 'exhausted' when every address is in use
   */
  slot(stream: string, inUse: (stream: string) => boolean): MulticastSlot {
    let slot = this.slotOf.get(stream);
    if (slot === undefined) {
      slot = this.choose(stream, inUse);
      const before = this.streamAt.get(slot);
      if (before !== undefined) this.slotOf.delete(before);
      this.slotOf.set(stream, slot);
      this.streamAt.set(slot, stream);
    }
    return this.describe(slot);
  }

  private choose(stream: string, inUse: (stream: string) => boolean): number {
    const first = hash(stream) % this.slots;
    // One more than there are neighbours is always enough, however large the range.
    const tries = Math.min(this.slots, this.streamAt.size + 1);
    let taken: number | undefined;
    for (let i = 0; i < tries; i++) {
      const slot = (first + i) % this.slots;
      const other = this.streamAt.get(slot);
      if (other === undefined) return slot;
      if (!inUse(other)) taken ??= slot;
    }
    if (taken !== undefined) return taken;
    throw new NightjarError(
      'exhausted',
      'rtsp/multicast-exhausted',
      'every multicast address is in use',
      { range: this.options.range },
    );
  }

  private describe(slot: number): MulticastSlot {
    const { firstPort, lastPort, shard = { index: 0, count: 1 } } = this.options;
    const position = slot * shard.count + shard.index;
    const blocks = Math.floor((lastPort - firstPort + 1) / PORTS_PER_GROUP);
    const rtp = firstPort + PORTS_PER_GROUP * (position % blocks);
    const address = (this.base + position) >>> 0;
    return {
      address: [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255].join(
        '.',
      ),
      port: (track) => (2 * track < PORTS_PER_GROUP ? rtp + 2 * track : undefined),
    };
  }
}

/** @throws NightjarError 'invalid' unless it is a network of multicast addresses */
function parseRange(range: string): { base: number; bits: number } {
  const [, address = '', length = ''] = /^([\d.]+)\/(\d{1,2})$/.exec(range) ?? [];
  const bits = Number(length);
  if (isIPv4(address) && length !== '' && bits >= CLASS_D_BITS && bits <= 32) {
    const value = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
    const size = 2 ** (32 - bits);
    if (Math.floor(value / 2 ** 28) === CLASS_D && value % size === 0) return { base: value, bits };
  }
  throw new NightjarError(
    'invalid',
    'rtsp/multicast-range',
    `${range} is not a range of IPv4 multicast addresses, as 239.192.0.0/16 is`,
  );
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++)
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}
