import { readdir } from 'node:fs/promises';
import { NightjarError } from '@nightjar/common';
import { HOUR_MS, hourDirectory, parseSegmentFile, streamDirectory } from './segment-path.js';
import type { SegmentName } from './segment-path.js';
import { SegmentReader } from './segment-reader.js';
import type { Volume } from '../volumes/volume.js';

/** A segment on the timeline. */
export interface SegmentEntry extends SegmentName {
  /** Below the volume. */
  readonly path: string;
  /** Start of the segment after it in the run, else where its media end (as far as they can be read now). */
  readonly endMs: number;
  /** Being written at this moment. */
  readonly open: boolean;
}

/** Tells of the segments that grow; the recorders of this process. */
export interface LiveSegments {
  openSegment(
    camera: string,
    stream: string,
  ): { readonly path: string; readonly endMs: number } | undefined;
}

/** A segment as its name tells it. */
export type NamedSegment = Omit<SegmentEntry, 'endMs' | 'open'>;

/** One folder of an hour. */
export interface HourNames {
  /** Below the volume; sorts by time. */
  readonly path: string;
  /** Absolute. */
  readonly folder: string;
  /** Its segments by start, read when this is called. */
  segments(): Promise<NamedSegment[]>;
}

/** The timeline of a volume, read from the names of its files; works without a catalog and beside deletions. */
export class SegmentDirectory {
  constructor(
    private readonly volume: Volume,
    private readonly live: LiveSegments = { openSegment: () => undefined },
  ) {}

  /** Segments that overlap `[fromMs, toMs)`, by start. */
  async list(
    camera: string,
    stream: string,
    fromMs: number,
    toMs: number,
  ): Promise<SegmentEntry[]> {
    const names: NamedSegment[] = [];
    const before = await this.lastStartingAt(camera, stream, fromMs);
    if (before !== undefined) names.push(before);
    let following: NamedSegment | undefined;
    for await (const hour of this.hours(camera, stream, fromMs, 'up')) {
      const inside = hour.filter((name) => name.startMs > fromMs);
      names.push(...inside.filter((name) => name.startMs < toMs));
      following = inside.find((name) => name.startMs >= toMs);
      if (following !== undefined) break;
    }
    const entries: SegmentEntry[] = [];
    for (const [index, name] of names.entries()) {
      const entry = await this.complete(name, names[index + 1] ?? following);
      if (entry !== undefined && entry.endMs > fromMs) entries.push(entry);
    }
    return entries;
  }

  /**
   * Segments one after the other, an hour's names in memory at a time: `up` those that end after `atMs`, by start; `down`
   * those that start at or before it, latest first. What is recorded behind the last one while this runs may not be seen.
   */
  async *walk(
    camera: string,
    stream: string,
    atMs: number,
    order: 'up' | 'down',
  ): AsyncGenerator<SegmentEntry> {
    if (order === 'down') {
      yield* this.walkDown(camera, stream, atMs);
      return;
    }
    let name: NamedSegment | undefined;
    for await (const following of this.namesFrom(camera, stream, atMs)) {
      const entry = name && (await this.complete(name, following));
      if (entry !== undefined && entry.endMs > atMs) yield entry;
      name = following;
    }
    const last = name && (await this.complete(name, undefined));
    if (last !== undefined && last.endMs > atMs) yield last;
  }

  /** The last segment that starts at or before `atMs`, then all that start after it. */
  private async *namesFrom(
    camera: string,
    stream: string,
    atMs: number,
  ): AsyncGenerator<NamedSegment> {
    // Mostly both are in one folder, whose name is known: nothing else is looked at until its names are used up.
    const edge = hourOf(atMs);
    const own = edge === undefined ? [] : await this.segmentsOf(camera, stream, edge);
    const first =
      own.findLast(({ startMs }) => startMs <= atMs) ??
      (await this.lastStartingAt(camera, stream, atMs));
    if (first !== undefined) yield first;
    yield* own.filter(({ startMs }) => startMs > atMs);
    const seenMs = own.at(-1)?.startMs ?? atMs;
    for await (const hour of this.hours(camera, stream, atMs, 'up'))
      yield* hour.filter(({ startMs }) => startMs > Math.max(seenMs, atMs));
  }

  private async *walkDown(
    camera: string,
    stream: string,
    atMs: number,
  ): AsyncGenerator<SegmentEntry> {
    let following = await this.firstStartingAfter(camera, stream, atMs);
    for await (const hour of this.hours(camera, stream, atMs, 'down')) {
      for (const name of hour.toReversed()) {
        if (name.startMs > atMs) continue;
        const entry = await this.complete(name, following);
        if (entry !== undefined) yield entry;
        following = name;
      }
    }
  }

  /** The oldest segment. */
  async first(camera: string, stream: string): Promise<SegmentEntry | undefined> {
    for await (const hour of this.hours(camera, stream, 0, 'up')) {
      const entry = hour[0] && (await this.complete(hour[0], hour[1]));
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  /** The newest segment. */
  async last(camera: string, stream: string): Promise<SegmentEntry | undefined> {
    for await (const hour of this.hours(camera, stream, Infinity, 'down')) {
      for (const name of hour.toReversed()) {
        const entry = await this.complete(name, undefined);
        if (entry !== undefined) return entry;
      }
    }
    return undefined;
  }

  private async lastStartingAt(
    camera: string,
    stream: string,
    atMs: number,
  ): Promise<NamedSegment | undefined> {
    for await (const hour of this.hours(camera, stream, atMs, 'down')) {
      const name = hour.findLast(({ startMs }) => startMs <= atMs);
      if (name !== undefined) return name;
    }
    return undefined;
  }

  private async firstStartingAfter(
    camera: string,
    stream: string,
    atMs: number,
  ): Promise<NamedSegment | undefined> {
    for await (const hour of this.hours(camera, stream, atMs, 'up')) {
      const name = hour.find(({ startMs }) => startMs > atMs);
      if (name !== undefined) return name;
    }
    return undefined;
  }

  /** Folders of hours that hold what starts in `[fromMs, toMs)`, and the one before them, where what reaches into it starts. */
  async hoursBetween(
    camera: string,
    stream: string,
    fromMs: number,
    toMs: number,
  ): Promise<HourNames[]> {
    const before = await this.lastStartingAt(camera, stream, fromMs);
    const base = streamDirectory(camera, stream);
    const fromHour = hourOf(before?.startMs ?? fromMs);
    const toHour = hourOf(toMs);
    const hours: HourNames[] = [];
    for await (const hour of this.descend(base, '', fromHour, 'up')) {
      if (toHour !== undefined && hour > toHour) break;
      hours.push({
        path: hour,
        folder: this.volume.resolve(`${base}/${hour}`),
        segments: () => this.segmentsOf(camera, stream, hour),
      });
    }
    return hours;
  }

  /** Adds the end; undefined when the file was deleted meanwhile or never held a fragment. */
  async complete(
    name: NamedSegment,
    next: NamedSegment | undefined,
  ): Promise<SegmentEntry | undefined> {
    if (next !== undefined && next.run === name.run && next.sequence === name.sequence + 1) {
      return { ...name, endMs: next.startMs, open: false };
    }
    const live = this.live.openSegment(name.camera, name.stream);
    if (live !== undefined && live.path === name.path)
      return { ...name, endMs: live.endMs, open: true };
    try {
      const reader = await SegmentReader.open(this.volume.resolve(name.path));
      try {
        return { ...name, endMs: reader.endMs, open: !reader.closed };
      } finally {
        await reader.close();
      }
    } catch (error) {
      if (isMissing(error) || (error instanceof NightjarError && error.kind === 'data-loss'))
        return undefined;
      throw error;
    }
  }

  /** The segments of one hour directory after another, from the hour of `atMs` on; each list by start. */
  private async *hours(
    camera: string,
    stream: string,
    atMs: number,
    order: 'up' | 'down',
  ): AsyncGenerator<NamedSegment[]> {
    const base = streamDirectory(camera, stream);
    for await (const hour of this.descend(base, '', hourOf(atMs), order)) {
      const named = await this.segmentsOf(camera, stream, hour);
      if (named.length > 0) yield named;
    }
  }

  /** The segments of one hour by start. */
  private async segmentsOf(camera: string, stream: string, hour: string): Promise<NamedSegment[]> {
    const folder = `${streamDirectory(camera, stream)}/${hour}`;
    const named = (await this.names(folder)).flatMap((file) => {
      const parsed = parseSegmentFile(file);
      return parsed === undefined ? [] : [{ camera, stream, ...parsed, path: `${folder}/${file}` }];
    });
    return named.sort((a, b) => a.startMs - b.startMs || a.sequence - b.sequence);
  }

  /** Paths `yyyy/mm/dd/hh` at or behind `edge` in the given order; whole branches before it are never read. */
  private async *descend(
    base: string,
    prefix: string,
    edge: string | undefined,
    order: 'up' | 'down',
  ): AsyncGenerator<string> {
    const depth = prefix === '' ? 0 : prefix.split('/').length;
    if (depth === HOUR_DEPTH) {
      yield prefix;
      return;
    }
    const parts = (await this.names(prefix === '' ? base : `${base}/${prefix}`)).filter((part) =>
      DATE_PART.test(part),
    );
    parts.sort();
    if (order === 'down') parts.reverse();
    for (const part of parts) {
      const path = prefix === '' ? part : `${prefix}/${part}`;
      const limit = edge?.slice(0, path.length);
      if (limit !== undefined && (order === 'up' ? path < limit : path > limit)) continue;
      yield* this.descend(base, path, edge, order);
    }
  }

  private async names(path: string): Promise<string[]> {
    try {
      return await readdir(this.volume.resolve(path));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }
}

/** Folder of an hour; undefined for no particular one. */
function hourOf(atMs: number): string | undefined {
  return Number.isFinite(atMs) ? hourDirectory(Math.floor(atMs / HOUR_MS) * HOUR_MS) : undefined;
}

const HOUR_DEPTH = 4;
const DATE_PART = /^\d{2,4}$/;

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
