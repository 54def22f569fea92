import { encodeFragment } from '@nightjar/containers';
import type { EncodedFragment, FragmentTrack } from '@nightjar/containers';
import { decodeTimes, hasReordering } from './decode-times.js';
import type { IndexedSample } from './growing-segment.js';
import type { MediaBlock } from '../recorder/media-memory.js';

/** An access unit on the line of its track, whose memory is held by whoever has the unit. */
export interface TimedUnit {
  /** In `block`. */
  readonly data: Uint8Array;
  readonly block: MediaBlock;
  readonly keyframe: boolean;
  /** Presentation time on the track's line. */
  readonly ticks: number;
}

/** A unit whose length is known because the one after it has come. */
export interface MeasuredUnit extends TimedUnit {
  readonly durationTicks: number;
}

export interface BuiltFragment {
  readonly encoded: EncodedFragment;
  readonly samples: readonly IndexedSample[];
  /** What the data of `encoded` lie in; to be let go of when the fragment is written, or is not going to be. */
  readonly blocks: readonly MediaBlock[];
}

class SecondaryTrack {
  pending: MeasuredUnit[] = [];
  /** Tick of the line that is zero in the file; unknown until the first unit is placed. */
  originTicks: number | undefined;
  endTicks = 0;
}

/**
 * Collects the units of one segment and makes fragments of them. Track 0 is the primary track (video, or the only audio):
 * its first unit is tick 0 of the file.
 */
export class SegmentBuilder {
  private readonly primaryPending: TimedUnit[] = [];
  private readonly secondaries = new Map<number, SecondaryTrack>();
  private fragments = 0;
  /** Decode time at which the next primary sample begins, in the file. */
  private primaryEndTicks = 0;
  private reordered = false;
  private bytes = 0;

  /** @param startTicks of the first primary unit, on its line */
  constructor(readonly startTicks: number) {}

  /** Bytes of the units that wait for their fragment. */
  get pendingBytes(): number {
    return this.bytes;
  }

  /** Fragments made so far. */
  get fragmentCount(): number {
    return this.fragments;
  }

  get hasPrimary(): boolean {
    return this.primaryPending.length > 0;
  }

  /** Tick of the line at which the pending primary units begin; where the next would begin if none is pending. */
  get pendingStartTicks(): number {
    return this.startTicks + this.primaryEndTicks;
  }

  /** End of the primary media that are in fragments, on its line. */
  get endTicks(): number {
    return this.startTicks + this.primaryEndTicks;
  }

  addPrimary(unit: TimedUnit): void {
    this.primaryPending.push(unit);
    this.bytes += unit.data.length;
  }

  /** @param track place in the file, from 1; units of a track rise in time */
  addSecondary(track: number, unit: MeasuredUnit): void {
    this.secondary(track).pending.push(unit);
    this.bytes += unit.data.length;
  }

  /** Takes out the waiting units of a track that begin at or after a tick: they belong to the next segment. */
  takeSecondaryFrom(track: number, ticks: number): MeasuredUnit[] {
    const secondary = this.secondary(track);
    const first = secondary.pending.findIndex((unit) => unit.ticks >= ticks);
    const taken = first < 0 ? [] : secondary.pending.splice(first);
    for (const unit of taken) this.bytes -= unit.data.length;
    return taken;
  }

  /**
   * Makes a fragment of all that waits; undefined when nothing does.
   * @param nextTicks presentation time of the primary unit that follows the waiting ones, undefined when unknown
   * @param endsHere that unit begins another segment
   * @param intervalTicks length of the last primary sample when `nextTicks` does not tell it
   * @param place file tick of the first unit a secondary track ever gets here, from its tick on the line; undefined if the
   *   unit begins before the file does: it is left out
   */
  cut(
    nextTicks: number | undefined,
    endsHere: boolean,
    intervalTicks: number,
    place: (track: number, ticks: number) => number | undefined,
  ): BuiltFragment | undefined {
    const samples: IndexedSample[] = [];
    const tracks: FragmentTrack[] = [];
    const blocks: MediaBlock[] = [];
    const primary = this.cutPrimary(nextTicks, endsHere, intervalTicks, samples, blocks);
    if (primary !== undefined) tracks.push(primary);
    for (const [track, secondary] of this.secondaries) {
      const fragment = cutSecondary(track, secondary, place, samples, blocks);
      if (fragment !== undefined) tracks.push(fragment);
    }
    this.bytes = 0;
    if (tracks.length === 0) return undefined;
    this.fragments += 1;
    return { encoded: encodeFragment(this.fragments, tracks), samples, blocks };
  }

  private secondary(track: number): SecondaryTrack {
    let secondary = this.secondaries.get(track);
    if (secondary === undefined) this.secondaries.set(track, (secondary = new SecondaryTrack()));
    return secondary;
  }

  private cutPrimary(
    nextTicks: number | undefined,
    endsHere: boolean,
    intervalTicks: number,
    samples: IndexedSample[],
    blocks: MediaBlock[],
  ): FragmentTrack | undefined {
    const units = this.primaryPending.splice(0);
    if (units.length === 0) return undefined;
    const presentation = units.map((unit) => unit.ticks - this.startTicks);
    const next = nextTicks === undefined ? undefined : nextTicks - this.startTicks;
    this.reordered ||= hasReordering(
      next === undefined || endsHere ? presentation : [...presentation, next],
    );
    const times = decodeTimes(presentation, this.primaryEndTicks);
    const last = times.at(-1) ?? 0;
    // Inside a stream with B-frames the next unit's presentation time is not where its decoding begins.
    const end = next !== undefined && (endsHere || !this.reordered) ? next : last + intervalTicks;
    times.push(Math.max(end, last + 1));
    this.primaryEndTicks = times.at(-1) ?? 0;
    return {
      track: 0,
      baseDecodeTicks: times[0] ?? 0,
      samples: units.map((unit, index) => {
        const decodeTicks = times[index] ?? 0;
        const durationTicks = (times[index + 1] ?? 0) - decodeTicks;
        const ticks = presentation[index] ?? 0;
        blocks.push(unit.block);
        samples.push({ track: 0, ticks, decodeTicks, durationTicks, keyframe: unit.keyframe });
        return {
          data: unit.data,
          durationTicks,
          compositionTicks: ticks - decodeTicks,
          keyframe: unit.keyframe,
        };
      }),
    };
  }
}

function cutSecondary(
  track: number,
  secondary: SecondaryTrack,
  place: (track: number, ticks: number) => number | undefined,
  samples: IndexedSample[],
  blocks: MediaBlock[],
): FragmentTrack | undefined {
  let units = secondary.pending;
  secondary.pending = [];
  if (secondary.originTicks === undefined) {
    const begin = units.findIndex(({ ticks }) => place(track, ticks) !== undefined);
    for (const early of begin < 0 ? units : units.slice(0, begin)) early.block.release();
    units = begin < 0 ? [] : units.slice(begin);
  }
  const [first] = units;
  if (first === undefined) return undefined;
  secondary.originTicks ??= first.ticks - (place(track, first.ticks) ?? 0);
  const base = Math.max(secondary.endTicks, first.ticks - secondary.originTicks);
  let decodeTicks = base;
  for (const { block, durationTicks } of units) {
    blocks.push(block);
    samples.push({ track, ticks: decodeTicks, decodeTicks, durationTicks, keyframe: true });
    decodeTicks += durationTicks;
  }
  secondary.endTicks = decodeTicks;
  return {
    track,
    baseDecodeTicks: base,
    samples: units.map(({ data, durationTicks }) => ({
      data,
      durationTicks,
      compositionTicks: 0,
      keyframe: true,
    })),
  };
}
