import { MoreThan } from 'typeorm';
import type { Database } from './database.js';
import { DeletionEntity, VolumeEntity } from './entities.js';
import type { DeletionRow, VolumeRow } from './entities.js';

/** Volumes the catalog knows and what was deleted from them. */
export class VolumeRepository {
  constructor(private readonly database: Database) {}

  /**
   * Makes a volume known, or takes over its new name and path. The identity is the disk's own: a disk mounted elsewhere
   * keeps its rows and its journal cursor.
   */
  async register(volume: { id: string; name: string; path: string }): Promise<void> {
    const { id, name, path } = volume;
    await this.database.with(VolumeEntity, async (volumes) => {
      await volumes.upsert(
        { id, name, path },
        { conflictPaths: ['id'], skipUpdateIfNoValuesChanged: true },
      );
    });
  }

  async list(): Promise<VolumeRow[]> {
    return this.database.with(VolumeEntity, (volumes) =>
      volumes.find({ order: { name: 'ASC', id: 'ASC' } }),
    );
  }

  /** Deletions on a volume since a wall time, newest first, at most `limit`. */
  async deletions(volumeId: string, since: Date, limit: number): Promise<DeletionRow[]> {
    return this.database.with(DeletionEntity, (deletions) =>
      deletions.find({
        where: { volumeId, deletedAt: MoreThan(since) },
        order: { deletedAt: 'DESC' },
        take: limit,
      }),
    );
  }
}
