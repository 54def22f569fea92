import { NightjarError, systemClock, type Clock } from '@nightjar/common';
import { SegmentDirectory, type LiveSegments, type SegmentEntry } from './segment-directory.js';
import { SegmentReader } from './segment-reader.js';
import { StreamExtents, type Extent } from './stream-extents.js';
import type { Volume } from '../volumes/volume.js';

/** A segment and where it lies. */
export interface ArchivedSegment extends SegmentEntry {
  /** Name of the volume. */
  readonly volume: string;
}

interface Placed {
  readonly volume: Volume;
  readonly directory: SegmentDirectory;
  readonly extents: StreamExtents;
}

/** All footage of this process's volumes as one timeline, read from the disk: it needs no database. */
export class Archive {
  private readonly volumes = new Map<string, Placed>();

  /** @param isReadable whether a volume can be read now; the others are passed over */
  constructor(
    private readonly live: LiveSegments,
    private readonly clock: Pick<Clock, 'wallMs'> = systemClock,
    private readonly isReadable: (volume: string) => boolean = () => true,
  ) {}

  add(volume: Volume): void {
    const directory = new SegmentDirectory(volume, this.live);
    const extents = new StreamExtents(directory, this.clock);
    this.volumes.set(volume.name, { volume, directory, extents });
  }

  /** Segments that overlap `[fromMs, toMs)`, by start. */
  async list(
    camera: string,
    stream: string,
    fromMs: number,
    toMs: number,
  ): Promise<ArchivedSegment[]> {
    const all: ArchivedSegment[] = [];
    for (const [volume, { directory }] of this.readable()) {
      for (const entry of await directory.list(camera, stream, fromMs, toMs))
        all.push({ ...entry, volume });
    }
    return all.sort(bySequence);
  }

  /**
   * Segments one after the other, with the names of one hour in memory at a time: `up` those that end after `atMs`, by
   * start; `down` those that start at or before it, latest first. What is recorded while this runs may not be seen.
   */
  async *walk(
    camera: string,
    stream: string,
    atMs: number,
    order: 'up' | 'down',
  ): AsyncGenerator<ArchivedSegment> {
    const walks: { readonly rest: AsyncGenerator<SegmentEntry>; head: ArchivedSegment }[] = [];
    try {
      for (const [volume, { directory }] of this.readable()) {
        const rest = directory.walk(camera, stream, atMs, order);
        const { value, done } = await rest.next();
        if (done !== true) walks.push({ rest, head: { ...value, volume } });
      }
      const sign = order === 'up' ? 1 : -1;
      while (walks.length > 0) {
        walks.sort((a, b) => sign * bySequence(a.head, b.head));
        const [first] = walks;
        yield first!.head;
        const { value, done } = await first!.rest.next();
        if (done === true) walks.shift();
        else first!.head = { ...value, volume: first!.head.volume };
      }
    } finally {
      for (const { rest } of walks) await rest.return(undefined);
    }
  }

  /** Where there is footage in `[fromMs, toMs)`, by start, not clipped; overlaps are left as they are. */
  async extents(camera: string, stream: string, fromMs: number, toMs: number): Promise<Extent[]> {
    const all: Extent[] = [];
    for (const [, { extents }] of this.readable())
      all.push(...(await extents.list(camera, stream, fromMs, toMs)));
    return all.sort((a, b) => a.startMs - b.startMs);
  }

  /** The segment of a stream that grows, as far as it is written; undefined while nothing is recorded. */
  growing(camera: string, stream: string): ReturnType<LiveSegments['openSegment']> {
    return this.live.openSegment(camera, stream);
  }

  /** The newest footage of a stream on any volume. */
  async last(camera: string, stream: string): Promise<ArchivedSegment | undefined> {
    let newest: ArchivedSegment | undefined;
    for (const [volume, { directory }] of this.readable()) {
      const entry = await directory.last(camera, stream);
      if (entry !== undefined && entry.endMs > (newest?.endMs ?? -Infinity))
        newest = { ...entry, volume };
    }
    return newest;
  }

  /** Hash of the newest closed segment of a stream; null when there is none that can be read. */
  async lastHash(camera: string, stream: string): Promise<string | null> {
    const last = await this.last(camera, stream);
    if (last === undefined) return null;
    const reader = await this.open(last);
    try {
      return reader.index?.hash ?? null;
    } finally {
      await reader.close();
    }
  }

  /**
   * @throws NightjarError 'not-found' when its volume is not there, 'unavailable' when that is unhealthy, 'data-loss' when it
   *   cannot be read, or the error of the file system when retention took it meanwhile
   */
  async open(segment: ArchivedSegment): Promise<SegmentReader> {
    const entry = this.volumes.get(segment.volume);
    if (entry === undefined) {
      throw new NightjarError('not-found', 'recording/volume', `no volume ${segment.volume}`, {
        volume: segment.volume,
      });
    }
    if (!this.isReadable(segment.volume)) {
      const message = `volume ${segment.volume} cannot be read now`;
      throw new NightjarError('unavailable', 'recording/unreadable-volume', message, {
        volume: segment.volume,
      });
    }
    return await SegmentReader.open(entry.volume.resolve(segment.path));
  }

  private readable(): [string, Placed][] {
    return [...this.volumes].filter(([name]) => this.isReadable(name));
  }
}

function bySequence(a: SegmentEntry, b: SegmentEntry): number {
  return a.startMs - b.startMs || a.sequence - b.sequence;
}
