import { NightjarError } from '@nightjar/common';
import type { Database } from '../database.js';

/** Footage that no rule may delete. Times are Unix epoch milliseconds. */
export interface Hold {
  readonly id: number;
  readonly camera: string;
  /** Null: every stream of the camera. */
  readonly stream: string | null;
  readonly startMs: number;
  readonly endMs: number;
  /** Who wants it kept. */
  readonly owner: string;
  readonly reason: string;
  readonly createdBy: string;
  readonly createdAtMs: number;
  /** Null: until it is released. */
  readonly expiresAtMs: number | null;
  readonly releasedAtMs: number | null;
  readonly releasedBy: string | null;
}

export type NewHold = Omit<Hold, 'id' | 'releasedAtMs' | 'releasedBy'>;

/** Holds are never removed: who kept what, and who let it go, stays on record. */
export class HoldRepository {
  constructor(private readonly database: Database) {}

  /** Those in force at `nowMs`, or with `all` also those that expired or were released; newest first, at most `limit`. */
  async list(nowMs: number, { all, limit }: { all: boolean; limit: number }): Promise<Hold[]> {
    return this.database.query(
      `${SELECT} WHERE $2 OR (h.released_at IS NULL AND (h.expires_at IS NULL OR h.expires_at > to_timestamp($1::float8 / 1000)))
       ORDER BY h.id DESC LIMIT $3`,
      [nowMs, all, limit],
    );
  }

  /** Those in force at `nowMs` on footage of a camera between two times. */
  async covering(camera: string, startMs: number, endMs: number, nowMs: number): Promise<Hold[]> {
    return this.database.query(
      `${SELECT} WHERE c.name = $1 AND h.released_at IS NULL
         AND h.start_at < to_timestamp($3::float8 / 1000) AND h.end_at > to_timestamp($2::float8 / 1000)
         AND (h.expires_at IS NULL OR h.expires_at > to_timestamp($4::float8 / 1000))
       ORDER BY h.id DESC`,
      [camera, startMs, endMs, nowMs],
    );
  }

  /** A camera, or a stream, that has not recorded yet becomes known by it. */
  async add(hold: NewHold): Promise<Hold> {
    const id = await this.database.transaction(async (sql) => {
      await sql.query('INSERT INTO camera (name) VALUES ($1) ON CONFLICT (name) DO NOTHING', [
        hold.camera,
      ]);
      if (hold.stream !== null)
        await sql.query(
          `INSERT INTO stream (camera_id, name) SELECT id, $2 FROM camera WHERE name = $1
           ON CONFLICT (camera_id, name) DO NOTHING`,
          [hold.camera, hold.stream],
        );
      const [row] = await sql.query<{ id: number }>(INSERT, [
        hold.camera,
        hold.stream,
        hold.startMs,
        hold.endMs,
        hold.owner,
        hold.reason,
        hold.createdBy,
        hold.createdAtMs,
        hold.expiresAtMs,
      ]);
      return row?.id;
    });
    return this.get(id ?? -1);
  }

  /**
   * Lets the footage go, from the next sweep on.
   * @throws NightjarError `not-found`, or `conflict` if it was released before
   */
  async release(id: number, by: string, nowMs: number): Promise<Hold> {
    const rows = await this.database.query(
      `UPDATE hold SET released_at = to_timestamp($3::float8 / 1000), released_by = $2
       WHERE id = $1 AND released_at IS NULL RETURNING id`,
      [id, by, nowMs],
    );
    const hold = await this.get(id);
    if (rows.length === 0)
      throw new NightjarError(
        'conflict',
        'retention/hold-released',
        `hold ${id} was released by ${hold.releasedBy ?? 'somebody'} before`,
        { hold: id },
      );
    return hold;
  }

  /** @throws NightjarError `not-found` */
  async get(id: number): Promise<Hold> {
    const [hold] = await this.database.query<Hold>(`${SELECT} WHERE h.id = $1`, [id]);
    if (hold === undefined)
      throw new NightjarError('not-found', 'retention/unknown-hold', `there is no hold ${id}`, {
        hold: id,
      });
    return hold;
  }
}

const ms = (column: string): string => `(extract(epoch FROM h.${column}) * 1000)::float8`;

const SELECT = `
  SELECT h.id, c.name AS camera, t.name AS stream, ${ms('start_at')} AS "startMs", ${ms('end_at')} AS "endMs", h.owner, h.reason,
    h.created_by AS "createdBy", ${ms('created_at')} AS "createdAtMs", ${ms('expires_at')} AS "expiresAtMs",
    ${ms('released_at')} AS "releasedAtMs", h.released_by AS "releasedBy"
  FROM hold h JOIN camera c ON c.id = h.camera_id LEFT JOIN stream t ON t.id = h.stream_id`;

const INSERT = `
  INSERT INTO hold (camera_id, stream_id, start_at, end_at, owner, reason, created_by, created_at, expires_at)
  SELECT c.id, (SELECT t.id FROM stream t WHERE t.camera_id = c.id AND t.name = $2), to_timestamp($3::float8 / 1000),
    to_timestamp($4::float8 / 1000), $5, $6, $7, to_timestamp($8::float8 / 1000), to_timestamp($9::float8 / 1000)
  FROM camera c WHERE c.name = $1 RETURNING id`;
