import type { Database } from './database.js';
import { DeletionEntity, SegmentEntity, VolumeEntity } from './entities.js';
import type { DeletionRow, VolumeRow } from './entities.js';
import { MoreThan } from './typeorm.js';

/** A configured volume as it is now. */
export interface VolumeObservation {
  /** Undefined while its disk was never found. */
  readonly id?: string;
  readonly name: string;
  readonly path: string;
  readonly state: string;
  readonly problem?: { readonly reason: string; readonly message: string };
  readonly freeBytes?: number;
  readonly sizeBytes?: number;
}

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

  /**
   * Notes how the configured volumes are now. One whose disk was not found is told of under the disk it had last; a disk that is none
   * of them any more is not there.
   */
  async observe(volumes: readonly VolumeObservation[], at: Date): Promise<void> {
    await this.database.with(VolumeEntity, async (rows) => {
      await rows
        .createQueryBuilder()
        .update({ health: 'volume-missing', problem: null, freeBytes: null, sizeBytes: null })
        .where('id <> ALL(:ids) AND name <> ALL(:unfound) AND health <> :gone', {
          ids: volumes.flatMap(({ id }) => id ?? []),
          unfound: volumes.flatMap(({ id, name }) => (id === undefined ? name : [])),
          gone: 'volume-missing',
        })
        .execute();
      for (const { id, name, path, state, problem, freeBytes, sizeBytes } of volumes) {
        await rows.update(id === undefined ? { name, path } : { id }, {
          state,
          health: problem?.reason ?? 'healthy',
          problem: problem?.message ?? null,
          freeBytes: freeBytes ?? null,
          sizeBytes: sizeBytes ?? null,
          // A disk that was measured is there, even if it is full.
          ...(freeBytes === undefined ? {} : { lastSeen: at }),
        });
      }
    });
  }

  /** Bytes of footage by id of the volume. Reads a row per segment: for people who ask, not for every minute. */
  async footageBytes(): Promise<ReadonlyMap<string, number>> {
    return this.database.with(SegmentEntity, async (segments) => {
      const sums = await segments
        .createQueryBuilder('segment')
        .select('segment.volumeId', 'id')
        .addSelect('sum(segment.bytes)', 'bytes')
        .groupBy('segment.volumeId')
        .getRawMany<{ id: string; bytes: string }>();
      return new Map(sums.map(({ id, bytes }) => [id, Number(bytes)]));
    });
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
