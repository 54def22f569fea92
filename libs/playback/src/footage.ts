import { NightjarError } from '@nightjar/common';
import type { Archive, ArchivedSegment, RecordedUnit, SegmentReader } from '@nightjar/recording';
import type { TrackFormat } from '@nightjar/rtp';
import type { LiveEdge } from './live-edge.js';
import type { Pictures } from './play-plan.js';

/** Segments further apart have a gap between them; nearer ones touch, as the ledger of gaps has it. */
export const GAP_MS = 50;
/** Times of keyframes are rounded differently in files and in ranges. */
const ROUNDING_MS = 0.5;

/** One access unit on its way out, or news of what follows. */
export type FootageEvent =
  /** The units after this come from a segment with these tracks. */
  | { readonly kind: 'segment'; readonly startMs: number; readonly tracks: readonly TrackFormat[] }
  /** Backwards: the units after this are of the stretch before the one that was read; `endMs` is where it ends. */
  | { readonly kind: 'gop'; readonly startMs: number; readonly endMs: number }
  | { readonly kind: 'unit'; readonly unit: RecordedUnit }
  /** Nothing was recorded between what came and what comes. */
  | { readonly kind: 'gap' }
  /** All that is recorded came, and recording has stopped. */
  | { readonly kind: 'stopped' }
  /** The range ends here, with footage right behind it. */
  | { readonly kind: 'cut' };

export interface FootageOptions {
  readonly archive: Pick<Archive, 'walk' | 'open'>;
  readonly camera: string;
  readonly stream: string;
  /** Keyframes before this are not read. */
  readonly startMs: number;
  /** Segments that begin here or later are not read. */
  readonly endMs: number;
}

interface Opened {
  readonly segment: ArchivedSegment;
  readonly reader: SegmentReader;
}

/** What a pass over growing footage needs to go on at its end. */
export interface Following {
  readonly edge: LiveEdge;
  /** Called before a wait for more: what was handed out so far must not wait with it. */
  readonly idle: () => Promise<void>;
  /** Whether to wait for recording to begin again after it has stopped. */
  readonly patient: boolean;
}

/** The footage of one stream in one range, read as it is needed: one segment open, one hour of names in memory. */
export class Footage {
  /** Where play is to begin, opened to find the keyframe. */
  private prepared: Opened | undefined;

  constructor(readonly options: FootageOptions) {}

  /** Opens the segment that holds this instant, or the first after it; the caller closes it. */
  async openAt(wallMs: number): Promise<SegmentReader | undefined> {
    return (await this.openFrom(wallMs))?.reader;
  }

  /**
   * Opens the last segment that begins at or before this instant; the caller closes it.
   * @param tries of so many; those that hold nothing are passed over
   */
  async openBefore(wallMs: number, tries = Infinity): Promise<SegmentReader | undefined> {
    let left = tries;
    for await (const segment of this.walk(wallMs, 'down')) {
      const reader = await this.tryOpen(segment);
      if (reader !== undefined) return reader;
      left -= 1;
      if (left <= 0) return undefined;
    }
    return undefined;
  }

  /**
   * Wall time of the keyframe at or before an instant, of the first after it in a gap; by the index, without reading media.
   * Its segment stays open for {@link Footage.forward} or {@link Footage.forget}.
   */
  async keyframeAt(wallMs: number): Promise<number | undefined> {
    const opened = await this.openFrom(wallMs);
    await this.forget();
    this.prepared = opened;
    return opened?.reader.keyframeAt(wallMs)?.wallMs ?? opened?.reader.startMs;
  }

  /** Lets go of what {@link Footage.keyframeAt} left open. */
  async forget(): Promise<void> {
    const { prepared } = this;
    this.prepared = undefined;
    await prepared?.reader.close();
  }

  /** Where play backwards from an instant begins: there, or at the end of the footage before it. */
  async lastBefore(wallMs: number): Promise<number | undefined> {
    const reader = await this.openBefore(wallMs);
    try {
      if (reader === undefined) return undefined;
      const lastMs = Math.min(wallMs, reader.endMs);
      return lastMs > this.options.startMs ? lastMs : undefined;
    } finally {
      await reader?.close();
    }
  }

  /** From the keyframe at or before an instant to the end, gaps left out. With `following` the end is where recording stops. */
  async *forward(
    wallMs: number,
    pictures: Pictures,
    following?: Following,
  ): AsyncGenerator<FootageEvent> {
    const thinning = new Thinning(pictures);
    let after: ArchivedSegment | undefined;
    let reachedMs = wallMs;
    for (;;) {
      following?.edge.look();
      for await (const { segment, reader } of this.openAfter(after, wallMs)) {
        if (segment.startMs >= this.options.endMs) {
          if (segment.startMs - reachedMs <= GAP_MS) yield { kind: 'cut' };
          await reader.close();
          return;
        }
        try {
          if (after !== undefined && reader.startMs - reachedMs > GAP_MS) yield { kind: 'gap' };
          yield { kind: 'segment', startMs: reader.startMs, tracks: reader.header.tracks };
          const fromMs = Math.max(wallMs, reader.startMs);
          const more = following && moreOf(segment, following, () => reachedMs);
          for await (const unit of unitsOf(reader, fromMs, thinning, more)) {
            reachedMs = Math.max(reachedMs, endOf(unit, reader));
            yield { kind: 'unit', unit };
          }
          reachedMs = Math.max(reachedMs, reader.endMs);
        } finally {
          await reader.close();
        }
        after = segment;
      }
      if (following === undefined) return;
      await following.idle();
      const news = await following.edge.wait(reachedMs);
      if (news === 'cancelled') return;
      if (news === 'more') continue;
      yield { kind: 'stopped' };
      if (!following.patient || (await following.edge.resumed()) === 'cancelled') return;
    }
  }

  /**
   * GOPs from the one that holds an instant back to the beginning, each forwards and of the first track alone.
   * @param wallMs units after it are left out
   */
  async *backward(wallMs: number, pictures: Pictures): AsyncGenerator<FootageEvent> {
    const thinning = new Thinning(pictures);
    const { startMs } = this.options;
    let nextMs: number | undefined;
    for await (const segment of this.walk(wallMs, 'down')) {
      if (segment.endMs <= startMs) return;
      const reader = await this.tryOpen(segment);
      if (reader === undefined) continue;
      try {
        if (nextMs !== undefined && nextMs - reader.endMs > GAP_MS) yield { kind: 'gap' };
        yield { kind: 'segment', startMs: reader.startMs, tracks: reader.header.tracks };
        let endMs = Math.min(reader.endMs, wallMs);
        for (const entry of reader.keyframes.toReversed()) {
          const keyMs = reader.wallMs(0, entry.ticks);
          if (keyMs > wallMs + ROUNDING_MS) continue;
          if (keyMs < startMs - ROUNDING_MS) return;
          if (!thinning.takes(keyMs)) continue;
          if (pictures.kind === 'keyframes') {
            yield { kind: 'gop', startMs: keyMs, endMs: keyMs };
            const unit = await reader.keyframeUnit(entry);
            if (unit !== undefined) yield { kind: 'unit', unit };
          } else {
            yield { kind: 'gop', startMs: keyMs, endMs };
            for await (const unit of reader.gopUnits(entry))
              if (unit.wallMs <= wallMs + ROUNDING_MS) yield { kind: 'unit', unit };
          }
          endMs = keyMs;
        }
        nextMs = reader.startMs;
      } finally {
        await reader.close();
      }
    }
  }

  private async openFrom(wallMs: number): Promise<Opened | undefined> {
    for await (const segment of this.walk(wallMs, 'up')) {
      const reader = await this.tryOpen(segment);
      if (reader !== undefined) return { segment, reader };
    }
    return undefined;
  }

  /** Segments behind one, or from an instant on, each open; the caller closes them. */
  private async *openAfter(
    before: ArchivedSegment | undefined,
    wallMs: number,
  ): AsyncGenerator<Opened> {
    let after = before;
    const { prepared } = this;
    this.prepared = undefined;
    if (prepared !== undefined) {
      after = prepared.segment;
      yield prepared;
    }
    for await (const segment of this.walk(after?.startMs ?? wallMs, 'up')) {
      if (after !== undefined && !follows(segment, after)) continue;
      const reader = await this.tryOpen(segment);
      if (reader !== undefined) yield { segment, reader };
    }
  }

  private walk(wallMs: number, order: 'up' | 'down'): AsyncGenerator<ArchivedSegment> {
    const { archive, camera, stream } = this.options;
    return archive.walk(camera, stream, wallMs, order);
  }

  /** Segments that retention took meanwhile, or that cannot be read, are passed over. */
  private async tryOpen(segment: ArchivedSegment): Promise<SegmentReader | undefined> {
    try {
      return await this.options.archive.open(segment);
    } catch (error) {
      const gone = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (gone || (error instanceof NightjarError && error.kind === 'data-loss')) return undefined;
      throw error;
    }
  }
}

/** How to wait for more of a segment; undefined when another one grows. */
function moreOf(
  { path }: ArchivedSegment,
  { edge, idle }: Following,
  reachedMs: () => number,
): (() => Promise<boolean>) | undefined {
  if (edge.hasLeft(path)) return undefined;
  let left = false;
  return async () => {
    if (left) return false;
    await idle();
    // The recorder has gone on to another file: what it wrote last to this one is still to be read, once.
    left = edge.hasLeft(path);
    return left || (await edge.grown(path, reachedMs()));
  };
}

async function* unitsOf(
  reader: SegmentReader,
  fromMs: number,
  thinning: Thinning,
  more: (() => Promise<boolean>) | undefined,
): AsyncGenerator<RecordedUnit> {
  if (!thinning.keyframesOnly) {
    yield* reader.unitsFrom(fromMs, more);
    return;
  }
  const firstMs = reader.keyframeAt(fromMs)?.wallMs ?? reader.startMs;
  let done = 0;
  for (;;) {
    for (; done < reader.keyframes.length; done += 1) {
      const entry = reader.keyframes[done]!;
      const keyMs = reader.wallMs(0, entry.ticks);
      if (keyMs < firstMs - ROUNDING_MS || !thinning.takes(keyMs)) continue;
      const unit = await reader.keyframeUnit(entry);
      if (unit !== undefined) yield unit;
    }
    if (more === undefined || reader.closed || !(await more())) return;
    await reader.refresh();
  }
}

/** Chooses keyframes that are no closer together than asked for. */
class Thinning {
  private lastMs: number | undefined;

  constructor(private readonly pictures: Pictures) {}

  get keyframesOnly(): boolean {
    return this.pictures.kind === 'keyframes';
  }

  takes(keyMs: number): boolean {
    const { pictures, lastMs } = this;
    if (pictures.kind !== 'keyframes') return true;
    const near = lastMs !== undefined && Math.abs(keyMs - lastMs) < pictures.minIntervalMs - 1;
    if (!near) this.lastMs = keyMs;
    return !near;
  }
}

function follows(segment: ArchivedSegment, after: ArchivedSegment): boolean {
  if (segment.startMs !== after.startMs) return segment.startMs > after.startMs;
  return segment.sequence > after.sequence;
}

function endOf({ track, wallMs, durationTicks }: RecordedUnit, { header }: SegmentReader): number {
  return wallMs + (durationTicks / (header.tracks[track]?.clockRateHz ?? 1)) * 1000;
}
