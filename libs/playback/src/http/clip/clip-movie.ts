import { NightjarError } from '@nightjar/common';
import {
  describeTracks,
  Movie,
  type Fragment,
  type MovieTrack,
  type Parts,
  type SampleLocation,
  type ShownMs,
} from '@nightjar/containers';
import type { SegmentReader } from '@nightjar/recording';

/** More samples than a day of 60 pictures a second with sound has. */
const MAX_SAMPLES = 12_000_000;

/** A track of a segment and the one of the movie that it goes on in. */
interface MappedTrack {
  readonly track: MovieTrack;
  /** Number of its sample entry. */
  readonly entry: number;
}

/** A stretch of a segment file that holds the samples taken from it. */
export interface TakenRange {
  readonly offset: number;
  readonly end: number;
  /** The file could not be read up to its end: what comes behind this place is left out. */
  readonly damaged: boolean;
}

/** Decides which samples of a segment belong to a clip; wall time. */
export interface Window {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Makes one movie of samples that stay in their segment files. Tracks of the same kind go on in one track; a change of
 * parameter sets or codec is another sample entry (ISO/IEC 14496-12 s.8.5.2).
 */
export class ClipMovie {
  private readonly movie = new Movie();
  private readonly tracks: MovieTrack[] = [];
  private mediaBytes = 0;
  private mapped: { readonly init: Buffer; readonly tracks: readonly MappedTrack[] } | undefined;

  /** @param kinds handler types of the tracks that are wanted; all when left out */
  constructor(private readonly kinds?: readonly string[]) {}

  get samples(): number {
    return this.movie.samples;
  }

  get tableBytes(): number {
    return this.movie.tableBytes;
  }

  /**
   * Adds what a segment has inside the window: from the keyframe at or before its start to its end.
   * @param shiftMs what is subtracted from wall time
   * @returns the stretch of the file that holds it, which is the next of the media data; undefined when nothing is inside
   * @throws NightjarError 'invalid' when the clip would have too many samples
   */
  async add(
    reader: SegmentReader,
    window: Window,
    shiftMs: number,
  ): Promise<TakenRange | undefined> {
    const tracks = await this.map(reader);
    const from = reader.startMs < window.startMs ? reader.keyframeAt(window.startMs) : undefined;
    const taken: { offset: number; end: number } = { offset: -1, end: -1 };
    let damaged = false;
    const fragments = untilDamage(reader.fragmentsFrom(window.startMs), () => (damaged = true));
    for await (const fragment of fragments) {
      const samples = inside(reader, fragment, window, from?.entry.ticks);
      if (samples.length === 0 && startsBehind(reader, fragment, window.endMs)) break;
      for (const sample of samples) {
        const target = tracks[sample.track];
        if (target === undefined) continue;
        if (taken.offset < 0) taken.offset = fragmentDataStart(samples);
        taken.end = Math.max(taken.end, sample.offset + sample.bytes);
        this.addSample(reader, sample, target, shiftMs, this.mediaBytes - taken.offset);
      }
      if (this.samples > MAX_SAMPLES) {
        throw new NightjarError(
          'invalid',
          'footage/range',
          `a clip has at most ${MAX_SAMPLES} pictures and sounds; ask for a shorter range`,
        );
      }
    }
    if (taken.offset < 0) return undefined;
    this.mediaBytes += taken.end - taken.offset;
    return { ...taken, damaged };
  }

  /** The front of the file; the ranges that {@link add} gave follow it. */
  finish(shown: ShownMs): Parts {
    return this.movie.finish(this.mediaBytes, shown);
  }

  private addSample(
    reader: SegmentReader,
    sample: SampleLocation,
    { track, entry }: MappedTrack,
    shiftMs: number,
    moveBytes: number,
  ): void {
    const { timescale } = track.description;
    const ticksOf = (ticks: number): number =>
      Math.round(((reader.wallMs(sample.track, ticks) - shiftMs) * timescale) / 1000);
    const decodeTicks = ticksOf(sample.decodeTicks);
    track.add({
      entry,
      position: sample.offset + moveBytes,
      bytes: sample.bytes,
      decodeTicks,
      ticks: ticksOf(sample.ticks),
      durationTicks: ticksOf(sample.decodeTicks + sample.durationTicks) - decodeTicks,
      keyframe: sample.keyframe,
    });
  }

  /** Consecutive segments nearly always say the same of their tracks. */
  private async map(reader: SegmentReader): Promise<readonly (MappedTrack | undefined)[]> {
    const init = Buffer.from(await reader.init());
    if (this.mapped !== undefined && this.mapped.init.equals(init)) return this.mapped.tracks;
    const used = new Set<MovieTrack>();
    const tracks = describeTracks(init).map((description) => {
      if (this.kinds !== undefined && !this.kinds.includes(description.handlerType))
        return undefined;
      let track = this.tracks.find(
        (known) => !used.has(known) && known.description.handlerType === description.handlerType,
      );
      if (track === undefined) {
        track = this.movie.track(description);
        this.tracks.push(track);
      }
      used.add(track);
      const [entry = Buffer.alloc(0)] = description.entries;
      return { track, entry: track.entry(entry) };
    });
    this.mapped = { init, tracks: tracks as readonly MappedTrack[] };
    return tracks;
  }
}

/** Fragments up to one that cannot be read, of which it tells. */
async function* untilDamage(
  fragments: AsyncIterable<Fragment>,
  damaged: () => void,
): AsyncGenerator<Fragment> {
  try {
    yield* fragments;
  } catch (error) {
    if (!(error instanceof NightjarError && error.kind === 'protocol')) throw error;
    damaged();
  }
}

/** Samples of a fragment that a player needs to show the window. */
function inside(
  reader: SegmentReader,
  fragment: Fragment,
  window: Window,
  firstKeyframeTicks: number | undefined,
): SampleLocation[] {
  const leaders = fragment.samples.filter(({ track }) => track === 0);
  const others = fragment.samples.filter(({ track }) => track !== 0);
  // The keyframe that shows the start may lie inside its fragment; those before it cannot be decoded.
  const first =
    firstKeyframeTicks === undefined
      ? 0
      : leaders.findIndex(({ keyframe, ticks, decodeTicks }) =>
          keyframe ? ticks >= firstKeyframeTicks : decodeTicks > firstKeyframeTicks,
        );
  // A picture behind the end stays when one before the end is decoded after it.
  const last = leaders.findLastIndex(({ ticks }) => reader.wallMs(0, ticks) < window.endMs);
  return [
    ...(first < 0 ? [] : leaders.slice(first, last + 1)),
    ...others.filter(
      ({ track, ticks, durationTicks }) =>
        reader.wallMs(track, ticks) < window.endMs &&
        reader.wallMs(track, ticks + durationTicks) > window.startMs,
    ),
  ];
}

/** Nothing of this fragment, nor of those after it, can lie before `endMs`. */
function startsBehind(reader: SegmentReader, fragment: Fragment, endMs: number): boolean {
  return fragment.samples.every(
    ({ track, decodeTicks }) => reader.wallMs(track, decodeTicks) >= endMs,
  );
}

function fragmentDataStart(samples: readonly SampleLocation[]): number {
  return samples.reduce((least, { offset }) => Math.min(least, offset), Infinity);
}
