import type { SentConfig } from '@nightjar/rtp';
import type { MediaFile, MediaFileUnit } from './media-file.js';

/** Several readers of one file, each of other tracks. The first one says where play begins. */
export class MergedFile implements MediaFile {
  readonly tracks: readonly SentConfig[];

  constructor(private readonly files: readonly [MediaFile, ...MediaFile[]]) {
    this.tracks = files.flatMap(({ tracks }) => tracks);
  }

  get durationMs(): number | undefined {
    return this.files.reduce<number | undefined>(
      (longest, { durationMs }) =>
        durationMs === undefined ? longest : Math.max(longest ?? 0, durationMs),
      undefined,
    );
  }

  get seekable(): boolean {
    return this.files.every(({ seekable }) => seekable);
  }

  async startAt(timeMs: number): Promise<number> {
    return await this.files[0].startAt(timeMs);
  }

  async *units(fromMs: number): AsyncGenerator<MediaFileUnit> {
    const generators: AsyncGenerator<MediaFileUnit>[] = [];
    const heads: (MediaFileUnit | undefined)[] = [];
    const firstTracks: number[] = [];
    let tracks = 0;
    const pull = async (index: number): Promise<void> => {
      const { value, done } = await generators[index]!.next();
      heads[index] = done === true ? undefined : value;
    };
    try {
      for (const [index, file] of this.files.entries()) {
        generators.push(file.units(fromMs));
        firstTracks.push(tracks);
        tracks += file.tracks.length;
        await pull(index);
      }
      for (;;) {
        let next = -1;
        heads.forEach((head, index) => {
          if (head !== undefined && head.dueMs < (heads[next]?.dueMs ?? Infinity)) next = index;
        });
        const head = heads[next];
        if (head === undefined) return;
        yield { ...head, track: head.track + firstTracks[next]! };
        await pull(next);
      }
    } finally {
      for (const generator of generators) await generator.return(undefined);
    }
  }

  close(): void {
    for (const file of this.files) file.close();
  }
}
