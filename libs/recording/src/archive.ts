import { NightjarError } from '@nightjar/common';
import { SegmentDirectory, type LiveSegments, type SegmentEntry } from './segment-directory.js';
import { SegmentReader } from './segment-reader.js';
import type { Volume } from './volume.js';

/** A segment and where it lies. */
export interface ArchivedSegment extends SegmentEntry {
  /** Name of the volume. */
  readonly volume: string;
}

/** All footage of this process's volumes as one timeline, read from the disk: it needs no database. */
export class Archive {
  private readonly volumes = new Map<
    string,
    { readonly volume: Volume; readonly directory: SegmentDirectory }
  >();

  constructor(private readonly live: LiveSegments) {}

  add(volume: Volume): void {
    this.volumes.set(volume.name, { volume, directory: new SegmentDirectory(volume, this.live) });
  }

  /** Segments that overlap `[fromMs, toMs)`, by start. */
  async list(
    camera: string,
    stream: string,
    fromMs: number,
    toMs: number,
  ): Promise<ArchivedSegment[]> {
    const all: ArchivedSegment[] = [];
    for (const [volume, { directory }] of this.volumes) {
      for (const entry of await directory.list(camera, stream, fromMs, toMs))
        all.push({ ...entry, volume });
    }
    return all.sort((a, b) => a.startMs - b.startMs || a.sequence - b.sequence);
  }

  /** The newest footage of a stream on any volume. */
  async last(camera: string, stream: string): Promise<ArchivedSegment | undefined> {
    let newest: ArchivedSegment | undefined;
    for (const [volume, { directory }] of this.volumes) {
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
   * @throws NightjarError 'not-found' when its volume is not there, 'data-loss' when it cannot be read, or the error of
   *   the file system when retention took it meanwhile
   */
  async open(segment: ArchivedSegment): Promise<SegmentReader> {
    const entry = this.volumes.get(segment.volume);
    if (entry === undefined) {
      throw new NightjarError('not-found', 'recording/volume', `no volume ${segment.volume}`, {
        volume: segment.volume,
      });
    }
    return await SegmentReader.open(entry.volume.resolve(segment.path));
  }
}
