import type { Catalog } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import { withCatalog } from '../open-archive.js';
import { lookAtVolumes } from './look-at-volumes.js';

/** A disk that the catalog knows and no volume of the configuration is. */
export interface LostDisk {
  readonly id: string;
  /** Of the volume that it was. */
  readonly name: string;
  readonly path: string;
  readonly footageBytes: number;
}

/** Rows per statement. */
const PAGE = 500;

/** Disks that have footage by the catalog, and are none of the volumes. */
export async function lostDisks(config: NightjarConfig): Promise<LostDisk[]> {
  return withCatalog(config, (catalog) => findLost(catalog, config));
}

/**
 * Notes that all footage of a lost disk is gone, as `fsck --repair` does for single files: its time is missing from then on, and it
 * counts for no limit any more.
 * @returns how many segments there were
 * @throws NightjarError `conflict` for a disk that is a volume, `not-found` for one without footage
 */
export async function forgetDisk(config: NightjarConfig, id: string): Promise<number> {
  const present = (await lookAtVolumes(config)).find((volume) => volume.id === id);
  if (present !== undefined) {
    const message =
      `${id} is volume ${present.name}: give the name to another disk first with: nightjar volume adopt ${present.name}, or ` +
      'remove the volume from the configuration';
    throw new NightjarError('conflict', 'cli/volume-in-use', message);
  }
  return withCatalog(config, async (catalog) => {
    const lost = await findLost(catalog, config);
    if (!lost.some((disk) => disk.id === id)) {
      const there =
        lost.length === 0 ? 'there is none' : `there are ${lost.map((disk) => disk.id).join(', ')}`;
      throw new NightjarError(
        'not-found',
        'cli/unknown-disk',
        `no lost disk ${id} has footage; ${there}`,
      );
    }
    let segments = 0;
    for (let after = ''; ;) {
      const rows = await catalog.audit.pageByPath(id, after, PAGE);
      const last = rows.at(-1);
      if (last === undefined) return segments;
      await catalog.audit.dropMissing(rows);
      segments += rows.length;
      after = last.path;
    }
  });
}

async function findLost(catalog: Catalog, config: NightjarConfig): Promise<LostDisk[]> {
  const present = new Set((await lookAtVolumes(config)).map(({ id }) => id));
  const footage = await catalog.volumes.footageBytes();
  return (await catalog.volumes.list())
    .filter(({ id }) => footage.has(id) && !present.has(id))
    .map(({ id, name, path }) => ({ id, name, path, footageBytes: footage.get(id) ?? 0 }));
}
