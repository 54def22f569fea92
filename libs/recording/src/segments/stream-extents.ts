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
/** Folders that were looked at so shortly ago are taken to be as they were then. */
const RECHECK_MS = 2_000;
/** Ends of files that are remembered for a stream; with more they are read anew. */
const MAX_ENDS = 10_000;
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

interface Known {
  readonly hours: Map<string, HourSummary>;
  /** By path, of files that are not followed by the next of their run and will not change. */
  readonly ends: Map<string, number>;
  /** When the hours were looked at, wall time. */
  checkedMs: number;
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
  private readonly streams = new Map<string, Known>();

  constructor(
    private readonly directory: SegmentDirectory,
    private readonly clock: Pick<Clock, 'wallMs'>,
  ) {}

  /** Footage in `[fromMs, toMs)`, by start, not clipped. */
  async list(camera: string, stream: string, fromMs: number, toMs: number): Promise<Extent[]> {
    const known = this.remembered(`${camera}/${stream}`);
    const hours = await this.directory.hoursBetween(camera, stream, fromMs, toMs);
    const whole = fromMs <= 0 && toMs === Infinity;
    const now = this.clock.wallMs();
    const trusted = Math.abs(now - known.checkedMs) < RECHECK_MS;
    const parts: Part[] = [];
    for (let at = 0; at < hours.length; at += PARALLEL_HOURS) {
      const some = hours.slice(at, at + PARALLEL_HOURS);
      const summaries = await Promise.all(some.map((hour) => this.summary(known, hour, trusted)));
      for (const summary of summaries) append(parts, summary.parts);
    }
    if (whole) {
      forgetOthers(known.hours, hours);
      if (!trusted) known.checkedMs = now;
    }
    return await this.extents(known, parts, fromMs, toMs);
  }

  private async extents(
    known: Known,
    parts: readonly Part[],
    fromMs: number,
    toMs: number,
  ): Promise<Extent[]> {
    const extents: Extent[] = [];
    for (const { first, last } of parts) {
      if (first.startMs >= toMs) break;
      const endMs = known.ends.get(last.path) ?? (await this.endOf(known, last));
      if (endMs > fromMs && endMs > first.startMs) extents.push({ startMs: first.startMs, endMs });
    }
    return extents;
  }

  private async endOf({ ends }: Known, last: NamedSegment): Promise<number> {
    const entry = await this.directory.complete(last, undefined);
    // The last file of a run may hold nothing, or be gone: what stands before it ends where it begins.
    if (entry === undefined) return last.startMs;
    if (!entry.open) {
      if (ends.size >= MAX_ENDS) ends.clear();
      ends.set(last.path, entry.endMs);
    }
    return entry.endMs;
  }

  private remembered(key: string): Known {
    const known = this.streams.get(key) ?? {
      hours: new Map<string, HourSummary>(),
      ends: new Map<string, number>(),
      checkedMs: -Infinity,
    };
    this.streams.delete(key);
    this.streams.set(key, known);
    const [oldest] = this.streams.keys();
    if (this.streams.size > MAX_STREAMS && oldest !== undefined) this.streams.delete(oldest);
    return known;
  }

  private async summary({ hours }: Known, hour: HourNames, trusted: boolean): Promise<HourSummary> {
    const before = hours.get(hour.path);
    if (trusted && before?.changedMs !== undefined) return before;
    const changedMs = await changed(hour.folder);
    if (before !== undefined && before.changedMs !== undefined && before.changedMs === changedMs)
      return before;
    const unsettled = changedMs === undefined || changedMs > this.clock.wallMs() - UNSETTLED_MS;
    const parts: Part[] = [];
    append(
      parts,
      (await hour.segments()).map((name) => ({ first: name, last: name })),
    );
    const summary = { changedMs: unsettled ? undefined : changedMs, parts };
    hours.set(hour.path, summary);
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
