import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, NightjarError } from '@nightjar/common';
import {
  Archive,
  parseSegmentFile,
  printSegmentPath,
  Volume,
  type ArchivedSegment,
} from '@nightjar/recording';

/** A configured volume that cannot be read now, and why. */
export interface AwayVolume {
  readonly name: string;
  readonly reason: string;
}

/** The volumes of an installation as somebody sees them who only reads: they are looked at anew for each request. */
export class StoredFootage {
  private constructor(
    readonly archive: Archive,
    private readonly volumes: ReadonlyMap<string, Volume>,
    readonly away: readonly AwayVolume[],
  ) {}

  /** Never creates anything: a folder without an identity is a volume that is away. */
  static async open(
    configured: Readonly<Record<string, { readonly path: string }>>,
  ): Promise<StoredFootage> {
    const archive = new Archive({ openSegment: () => undefined });
    const volumes = new Map<string, Volume>();
    const away: AwayVolume[] = [];
    for (const [name, { path }] of Object.entries(configured)) {
      try {
        const volume = await Volume.open(name, path, { expectedId: await identityAt(path) });
        volumes.set(name, volume);
        archive.add(volume);
      } catch (error) {
        away.push({ name, reason: messageOf(error) });
      }
    }
    return new StoredFootage(archive, volumes, away);
  }

  /** Absolute path of a segment. */
  path(segment: ArchivedSegment): string {
    // The archive names only volumes it was given.
    return this.volumes.get(segment.volume)!.resolve(segment.path);
  }

  /**
   * The file that a segment's file name stands for, on whatever volume it lies.
   * @throws NightjarError 'not-found' for anything else than the name of a segment that is there
   */
  async find(camera: string, stream: string, file: string): Promise<string> {
    const name = parseSegmentFile(file);
    if (name !== undefined) {
      const path = printSegmentPath({ camera, stream, ...name });
      if (path.endsWith(`/${file}`)) {
        for (const volume of this.volumes.values()) {
          const absolute = volume.resolve(path);
          if (await isFile(absolute)) return absolute;
        }
      }
    }
    throw this.missing('there is no such segment');
  }

  /**
   * The error for footage that is not found: a volume that is away may hold it.
   * @param message what to say when all volumes are there
   */
  missing(message: string): NightjarError {
    if (this.away.length === 0) return new NightjarError('not-found', 'footage/not-found', message);
    const names = this.away.map(({ name }) => name).join(', ');
    return new NightjarError(
      'unavailable',
      'footage/volume-away',
      `${message}; but volume ${names} is away and may hold it`,
      { volumes: names },
    );
  }
}

async function identityAt(root: string): Promise<string> {
  const text = await readFile(join(root, '.nightjar', 'volume.json'), 'utf8');
  const { id } = JSON.parse(text) as { id?: unknown };
  return String(id);
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
