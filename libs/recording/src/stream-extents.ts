import { stat } from 'node:fs/promises';
import type { Clock } from '@nightjar/common';
import type { HourNames, NamedSegment, SegmentDirectory } from './segment-directory.js';

/** Footage without a hole, Unix epoch milliseconds; the end is excluded. */
export interface Extent {
  readonly startMs: number;
  readonly endMs: number;
}

/** Streams whose hours are remembered; of more, those asked for longest ago are read anew. */
const MAX_STREAMS = 64;
/** Hours that are looked at together. */
const PARALLEL_HOURS = 16;
/** A folder that changed so shortly before it was read may change again within the same tick of the file system's clock. */
const UNSETTLED_MS = 2_000;

/** What is remembered of one folder of an hour: never more than its runs, mostly one. */
interface HourSummary {
  /** Of the folder, when it was read; undefined: it was too fresh to be sure. */
  readonly changedMs: number | undefined;
  /** Stretches of touching segments; the end of the last is not known from the names of this hour. */
  readonly parts: readonly Part[];
}

interface Part {
  readonly first: NamedSegment;
  readonly last: NamedSegment;
}

/**
 * Where a volume has footage of a stream, from the names of its files. An hour is read once and remembered, by the time at
 * which its folder changed, for all who ask; so memory is that of hours and gaps, not of files.
 */
export class StreamExtents {
  private readonly streams = new Map<string, Map<string, HourSummary>>();

  constructor(
    private readonly directory: SegmentDirectory,
    private readonly clock: Pick<Clock, 'wallMs'>,
  ) {}

  /** Footage in `[fromMs, toMs)`, by start, not clipped. */
  async list(camera: string, stream: string, fromMs: number, toMs: number): Promise<Extent[]> {
    const known = this.remembered(`${camera}/${stream}`);
    const hours = await this.directory.hoursBetween(camera, stream, fromMs, toMs);
    const parts: Part[] = [];
    for (let at = 0; at < hours.length; at += PARALLEL_HOURS) {
      const some = hours.slice(at, at + PARALLEL_HOURS);
      const summaries = await Promise.all(some.map((hour) => this.summary(known, hour)));
      for (const summary of summaries) append(parts, summary.parts);
    }
    if (fromMs <= 0 && toMs === Infinity) forgetOthers(known, hours);
    return await this.extents(parts, fromMs, toMs);
  }

  private async extents(parts: readonly Part[], fromMs: number, toMs: number): Promise<Extent[]> {
    const extents: Extent[] = [];
    for (const { first, last } of parts) {
      if (first.startMs >= toMs) break;
      const entry = await this.directory.complete(last, undefined);
      // The last file of a run may hold nothing, or be gone: what stands before it ends where it begins.
      const endMs = entry?.endMs ?? last.startMs;
      if (endMs > fromMs && endMs > first.startMs) extents.push({ startMs: first.startMs, endMs });
    }
    return extents;
  }

  private remembered(key: string): Map<string, HourSummary> {
    const known = this.streams.get(key) ?? new Map<string, HourSummary>();
    this.streams.delete(key);
    this.streams.set(key, known);
    const [oldest] = this.streams.keys();
    if (this.streams.size > MAX_STREAMS && oldest !== undefined) this.streams.delete(oldest);
    return known;
  }

  private async summary(known: Map<string, HourSummary>, hour: HourNames): Promise<HourSummary> {
    const changedMs = await changed(hour.folder);
    const before = known.get(hour.path);
    if (before !== undefined && before.changedMs !== undefined && before.changedMs === changedMs)
      return before;
    const unsettled = changedMs === undefined || changedMs > this.clock.wallMs() - UNSETTLED_MS;
    const parts: Part[] = [];
    append(
      parts,
      (await hour.segments()).map((name) => ({ first: name, last: name })),
    );
    const summary = { changedMs: unsettled ? undefined : changedMs, parts };
    known.set(hour.path, summary);
    return summary;
  }
}

/** Joins what continues the part before it: the next file of the same run. */
function append(parts: Part[], more: readonly Part[]): void {
  for (const part of more) {
    const previous = parts.at(-1);
    const touches =
      previous !== undefined &&
      previous.last.run === part.first.run &&
      previous.last.sequence + 1 === part.first.sequence;
    if (touches) parts[parts.length - 1] = { first: previous.first, last: part.last };
    else parts.push(part);
  }
}

/** Retention took whole hours: they are not asked for again. */
function forgetOthers(known: Map<string, HourSummary>, hours: readonly HourNames[]): void {
  if (known.size === hours.length) return;
  const present = new Set(hours.map(({ path }) => path));
  for (const path of known.keys()) if (!present.has(path)) known.delete(path);
}

async function changed(folder: string): Promise<number | undefined> {
  return stat(folder).then(
    ({ mtimeMs }) => mtimeMs,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    },
  );
}
