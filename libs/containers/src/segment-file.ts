import { NightjarError } from '@nightjar/common';
import { readBoxAt } from './boxes.js';
import type { ByteSource } from './boxes.js';
import { readFragments } from './fragment-reader.js';
import type { SampleLocation } from './fragment-reader.js';
import { decodeSegmentHeader } from './segment-header.js';
import type { SegmentHeader } from './segment-header.js';
import type { KeyframeEntry } from './segment-index.js';

/** A header box larger than this is not ours. */
export const MAX_HEADER_BYTES = 256 * 1024;

/** The front of a segment. */
export interface SegmentFront {
  readonly header: SegmentHeader;
  /** Position of the first fragment. */
  readonly mediaStart: number;
}

/**
 * Reads `ftyp moov uuid(header)`; undefined when the file ends before they are whole.
 * @throws NightjarError when the file is something else
 */
export async function readSegmentFront(source: ByteSource): Promise<SegmentFront | undefined> {
  let at = 0;
  for (const expected of ['ftyp', 'moov', 'uuid']) {
    const box = await readBoxAt(source, at);
    if (box === undefined) return undefined;
    if (box.type !== expected) {
      throw new NightjarError(
        'protocol',
        'containers/segment',
        `expected ${expected}, found ${JSON.stringify(box.type)}`,
        {
          byteOffset: at,
        },
      );
    }
    at = box.end;
    if (expected !== 'uuid') continue;
    if (box.end - box.bodyStart > MAX_HEADER_BYTES) {
      throw new NightjarError('protocol', 'containers/segment', 'segment header is too large', {
        byteOffset: box.start,
      });
    }
    const body = await source.read(box.bodyStart, box.end - box.bodyStart);
    return { header: decodeSegmentHeader(body), mediaStart: at };
  }
  return undefined;
}

/** Keeps the figures of the index while fragments are written, or read back after a crash. */
export class MediaSummary {
  private readonly entries: KeyframeEntry[] = [];
  fragments = 0;
  samples = 0;
  /** End of the media of the first track, in its ticks. */
  durationTicks = 0;

  constructor(private readonly firstTrackIsVideo: boolean) {}

  get keyframes(): readonly KeyframeEntry[] {
    return this.entries;
  }

  /** Samples of one fragment, track by track, in decode order. Audio-only segments count one keyframe per fragment. */
  fragment(
    offset: number,
    samples: readonly Pick<
      SampleLocation,
      'track' | 'ticks' | 'decodeTicks' | 'durationTicks' | 'keyframe'
    >[],
  ): void {
    this.fragments += 1;
    this.samples += samples.length;
    let counted = false;
    for (const sample of samples) {
      if (sample.track !== 0) continue;
      this.durationTicks = Math.max(this.durationTicks, sample.decodeTicks + sample.durationTicks);
      if (!sample.keyframe || (counted && !this.firstTrackIsVideo)) continue;
      counted = true;
      this.entries.push({ ticks: sample.ticks, offset });
    }
  }
}

/** What the whole fragments of a segment hold, and where they end. */
export interface SegmentMedia {
  readonly summary: MediaSummary;
  /** First byte behind the last whole fragment. */
  readonly end: number;
}

/**
 * Walks the fragments of a segment that has no index. Media end at the first fragment that is cut off or damaged.
 */
export async function surveySegment(
  source: ByteSource,
  front: SegmentFront,
): Promise<SegmentMedia> {
  const summary = new MediaSummary(front.header.tracks[0]?.kind === 'video');
  let end = front.mediaStart;
  try {
    for await (const fragment of readFragments(source, front.mediaStart)) {
      summary.fragment(fragment.offset, fragment.samples);
      end = fragment.end;
    }
  } catch (error) {
    // After a power loss the tail may hold anything; what stands before it is good.
    if (!(error instanceof NightjarError) || error.kind !== 'protocol') throw error;
  }
  return { summary, end };
}

/** The last entry at or before `ticks`, else the first. `keyframes` rise in time. */
export function keyframeAtOrBefore(
  keyframes: readonly KeyframeEntry[],
  ticks: number,
): KeyframeEntry | undefined {
  let low = 0;
  let high = keyframes.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((keyframes[middle]?.ticks ?? 0) <= ticks) low = middle;
    else high = middle - 1;
  }
  return keyframes[low];
}
