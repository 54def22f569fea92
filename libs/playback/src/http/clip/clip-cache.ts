import { NightjarError, type Clock } from '@nightjar/common';
import type { StoredFootage } from '../stored-footage.js';
import { Turnstile } from '../turnstile.js';
import { buildClip, type Clip, type ClipRequest } from './clip.js';

/** Fronts that are kept for the next range request, all together; that of a day takes some 40 MB. */
const MAX_KEPT_BYTES = 128 * 2 ** 20;
/** A clip that nobody asked for during this time is let go. */
const KEPT_MS = 5 * 60_000;
const BUILDS_AT_ONCE = 2;
const BUILDS_WAITING = 16;

interface Kept {
  readonly clip: Clip;
  /** The segments it was made of, as they were listed. */
  readonly state: string;
  usedMs: number;
}

/**
 * Clips by what was asked for. A player asks for one clip in dozens of ranges, and a browser gives up when it changes
 * between them: so a request for a later range gets the clip that the first one got.
 */
export class ClipCache {
  private readonly kept = new Map<string, Kept>();
  private readonly building = new Map<string, Promise<Clip>>();
  private readonly turnstile = new Turnstile(BUILDS_AT_ONCE, BUILDS_WAITING, 'clips');

  constructor(private readonly clock: Clock) {}

  /**
   * @param resuming the client has a part already: the clip stays as it is for it, although footage may have come
   * @throws as {@link buildClip}, and 'exhausted' when too many are asked for at once
   */
  async get(footage: StoredFootage, request: ClipRequest, resuming: boolean): Promise<Clip> {
    this.forget();
    const key = JSON.stringify(Object.entries(request).sort(([a], [b]) => (a < b ? -1 : 1)));
    const known = this.kept.get(key);
    if (known !== undefined && resuming) return this.use(key, known);
    const state = await stateOf(footage, request);
    if (known !== undefined && known.state === state) return this.use(key, known);
    const buildKey = `${key}${state}`;
    const running = this.building.get(buildKey);
    if (running !== undefined) return await running;
    const build = this.turnstile.run(() => buildClip(footage, request));
    this.building.set(buildKey, build);
    try {
      const clip = await build;
      this.use(key, { clip, state, usedMs: 0 });
      return clip;
    } finally {
      this.building.delete(buildKey);
    }
  }

  /** Memory of the clips that are kept. */
  get bytes(): number {
    let bytes = 0;
    for (const { clip } of this.kept.values()) bytes += clip.frontBytes;
    return bytes;
  }

  private use(key: string, entry: Kept): Clip {
    entry.usedMs = this.clock.monotonicMs();
    this.kept.delete(key);
    this.kept.set(key, entry);
    for (const oldest of this.kept.keys()) {
      if (this.bytes <= MAX_KEPT_BYTES) break;
      this.kept.delete(oldest);
    }
    return entry.clip;
  }

  private forget(): void {
    const now = this.clock.monotonicMs();
    for (const [key, { usedMs }] of this.kept) if (now - usedMs > KEPT_MS) this.kept.delete(key);
  }
}

async function stateOf(footage: StoredFootage, request: ClipRequest): Promise<string> {
  const { camera, stream, startMs, endMs } = request;
  if (!(endMs > startMs)) throw new NightjarError('invalid', 'footage/range', 'empty range');
  const segments = await footage.archive.list(camera, stream, startMs, endMs);
  return segments
    .map(({ volume, path, endMs: until, open }) => `${volume}/${path}:${until}:${open}`)
    .join();
}
