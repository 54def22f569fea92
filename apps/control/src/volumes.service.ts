import type { Catalog, VolumeRow } from '@nightjar/catalog';
import type { NightjarConfig } from '@nightjar/config';

export interface VolumeView {
  name: string;
  path: string;
  /** From the disk; null while none was found. */
  id: string | null;
  /** `retired`: it has footage, but the configuration does not name it any more. */
  state: 'active' | 'read-only' | 'draining' | 'retired';
  /** `healthy`, `unknown`, or the reason why it cannot be used. */
  health: string;
  problem: string | null;
  /** RFC 3339, UTC. */
  lastSeen: string | null;
  freeBytes: number | null;
  sizeBytes: number | null;
  footageBytes: number;
}

/** What the API says about volumes. */
export class VolumesService {
  constructor(
    private readonly catalog: Pick<Catalog, 'volumes'>,
    private readonly config: () => NightjarConfig,
  ) {}

  /** The configured volumes in their order, then disks that have footage and no name any more. */
  async list(): Promise<VolumeView[]> {
    const rows = await this.catalog.volumes.list();
    const footage = await this.catalog.volumes.footageBytes();
    const named = new Set<VolumeRow>();
    const views = Object.entries(this.config().volumes).map(([name, { path, state }]) => {
      const row = newest(rows.filter((one) => one.name === name && one.path === path));
      if (row !== undefined) named.add(row);
      return { ...viewOf(row, footage), name, path, state };
    });
    const retired = rows.filter((row) => !named.has(row) && footage.has(row.id));
    return [
      ...views,
      ...retired.map((row) => ({
        ...viewOf(row, footage),
        name: row.name,
        path: row.path,
        state: 'retired' as const,
        health: 'unknown',
        problem: null,
      })),
    ];
  }
}

/** Where one disk took the place of another, the one that was there last. */
function newest(rows: readonly VolumeRow[]): VolumeRow | undefined {
  return rows.reduce<VolumeRow | undefined>(
    (best, row) => (best === undefined || seen(row) > seen(best) ? row : best),
    undefined,
  );
}

function seen({ lastSeen }: VolumeRow): number {
  return lastSeen?.getTime() ?? 0;
}

function viewOf(
  row: VolumeRow | undefined,
  footage: ReadonlyMap<string, number>,
): Omit<VolumeView, 'name' | 'path' | 'state'> {
  return {
    id: row?.id ?? null,
    health: row?.health ?? 'unknown',
    problem: row?.problem ?? null,
    lastSeen: row?.lastSeen?.toISOString() ?? null,
    freeBytes: row?.freeBytes ?? null,
    sizeBytes: row?.sizeBytes ?? null,
    footageBytes: row === undefined ? 0 : (footage.get(row.id) ?? 0),
  };
}
