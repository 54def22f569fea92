import { NightjarError } from '@nightjar/common';
import type { Archive, ArchivedSegment, RecordedUnit, SegmentReader } from '@nightjar/recording';
import type { TrackFormat } from '@nightjar/rtp';

/** One access unit on its way out, or the news that the units after it come from another segment. */
export type FootageEvent =
  | { readonly kind: 'segment'; readonly tracks: readonly TrackFormat[] }
  | { readonly kind: 'unit'; readonly unit: RecordedUnit };

/** The footage of one stream in one range: segments in order, opened one at a time. */
export class Footage {
  constructor(
    private readonly archive: Archive,
    readonly segments: readonly ArchivedSegment[],
    /** Excluded. */
    readonly endMs: number,
  ) {}

  /** Opens the segment that holds this instant; the caller closes it. Segments that retention took are passed over. */
  async openAt(wallMs: number): Promise<SegmentReader | undefined> {
    for (const segment of this.segments.slice(this.indexAt(wallMs))) {
      const reader = await this.tryOpen(segment);
      if (reader !== undefined) return reader;
    }
    return undefined;
  }

  /** Wall time of the keyframe at or before an instant; by the index, without reading media. */
  async keyframeAt(wallMs: number): Promise<number | undefined> {
    const reader = await this.openAt(wallMs);
    try {
      return reader?.keyframeAt(wallMs)?.wallMs ?? reader?.startMs;
    } finally {
      await reader?.close();
    }
  }

  /** Everything from the keyframe at or before an instant to the end, holes skipped. */
  async *from(wallMs: number): AsyncGenerator<FootageEvent> {
    for (const segment of this.segments.slice(this.indexAt(wallMs))) {
      const reader = await this.tryOpen(segment);
      if (reader === undefined) continue;
      try {
        yield { kind: 'segment', tracks: reader.header.tracks };
        for await (const unit of reader.unitsFrom(Math.max(wallMs, reader.startMs))) {
          if (unit.wallMs < this.endMs) yield { kind: 'unit', unit };
        }
      } finally {
        await reader.close();
      }
    }
  }

  private indexAt(wallMs: number): number {
    const after = this.segments.findIndex((segment) => segment.endMs > wallMs);
    return after < 0 ? this.segments.length : after;
  }

  private async tryOpen(segment: ArchivedSegment): Promise<SegmentReader | undefined> {
    try {
      return await this.archive.open(segment);
    } catch (error) {
      const gone = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (gone || (error instanceof NightjarError && error.kind === 'data-loss')) return undefined;
      throw error;
    }
  }
}
