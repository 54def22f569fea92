import { NightjarError } from '@nightjar/common';
import type { Database } from '../database.js';

/** `share`: it would have deleted too much; `clock`: the time cannot be believed. */
export type BlockReason = 'share' | 'clock';
export type SweepOutcome = 'done' | BlockReason;

/** Why a volume is not swept, and what would have gone. Times are Unix epoch milliseconds. */
export interface RetentionBlock {
  readonly id: number;
  readonly volumeId: string;
  readonly volume: string;
  readonly reason: BlockReason;
  readonly message: string;
  /** When, by the clock of the worker that stopped; its plan was made for this time. */
  readonly createdAtMs: number;
  /** The latest time that could be believed then. */
  readonly trustedAtMs: number;
  readonly segments: number;
  readonly bytes: number;
  /** All footage on the volume. */
  readonly footageBytes: number;
  readonly plan: unknown;
  /** The rules it was made by: with others the approval is void. */
  readonly rules: unknown;
  readonly approvedAtMs: number | null;
  readonly approvedBy: string | null;
  /** Deleted since the approval. */
  readonly passedSegments: number;
  readonly passedBytes: number;
}

export type NewBlock = Omit<
  RetentionBlock,
  'id' | 'volume' | 'approvedAtMs' | 'approvedBy' | 'passedSegments' | 'passedBytes'
>;

export interface SweepRecord {
  readonly id: number;
  readonly volumeId: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly outcome: SweepOutcome | 'running';
  /** Bytes that the volume lacks although nothing unprotected is left. */
  readonly shortBytes: number;
  readonly segments: number;
  readonly bytes: number;
}

/** What sweeps did, and which wait for an answer. */
export class SweepLogRepository {
  constructor(private readonly database: Database) {}

  /** @returns the number of the sweep, which its deletions carry */
  async begin(volumeId: string, nowMs: number): Promise<number> {
    const [row] = await this.database.query<{ id: number }>(
      `INSERT INTO retention_sweep (volume_id, started_at) VALUES ($1, to_timestamp($2::float8 / 1000)) RETURNING id::float8 AS id`,
      [volumeId, nowMs],
    );
    return row?.id ?? 0;
  }

  async note(id: number, segments: number, bytes: number): Promise<void> {
    await this.database.query(
      'UPDATE retention_sweep SET segments = segments + $2, bytes = bytes + $3 WHERE id = $1',
      [id, segments, bytes],
    );
  }

  /** Also forgets the sweeps of the volume before it that deleted nothing, but the last whose time is believed. */
  async end(id: number, outcome: SweepOutcome, shortBytes: number, nowMs: number): Promise<void> {
    await this.database.query(
      `UPDATE retention_sweep SET outcome = $2, short_bytes = $3, ended_at = to_timestamp($4::float8 / 1000) WHERE id = $1`,
      [id, outcome, Math.ceil(shortBytes), nowMs],
    );
    await this.database.query(
      `DELETE FROM retention_sweep o USING retention_sweep n
       WHERE n.id = $1 AND o.volume_id = n.volume_id AND o.id < n.id AND o.segments = 0
         AND o.id <> coalesce((SELECT max(b.id) FROM retention_sweep b WHERE b.volume_id = n.volume_id AND ${BELIEVED('b')}), 0)`,
      [id],
    );
  }

  /** Start of the last sweep of a volume whose time could be believed; undefined if there was none. */
  async lastMs(volumeId: string): Promise<number | undefined> {
    const [row] = await this.database.query<{ atMs: number }>(
      `SELECT ${ms('s.started_at')} AS "atMs" FROM retention_sweep s WHERE s.volume_id = $1 AND ${BELIEVED('s')}
       ORDER BY s.id DESC LIMIT 1`,
      [volumeId],
    );
    return row?.atMs;
  }

  /** The last sweep of each volume, whatever came of it. */
  async latest(): Promise<SweepRecord[]> {
    return this.database.query(
      `SELECT DISTINCT ON (s.volume_id) s.id::float8 AS id, s.volume_id AS "volumeId", ${ms('s.started_at')} AS "startedAtMs",
         ${ms('s.ended_at')} AS "endedAtMs", s.outcome, s.short_bytes::float8 AS "shortBytes", s.segments, s.bytes::float8 AS bytes
       FROM retention_sweep s ORDER BY s.volume_id, s.id DESC`,
    );
  }

  /** Blocks that are open, of one volume or all. */
  async blocks(volumeId?: string): Promise<RetentionBlock[]> {
    return this.database.query(
      `${BLOCKS} WHERE b.closed_at IS NULL AND ($1::uuid IS NULL OR b.volume_id = $1) ORDER BY v.name, b.id`,
      [volumeId ?? null],
    );
  }

  async block(block: NewBlock): Promise<void> {
    await this.database.query(
      `INSERT INTO retention_block (volume_id, reason, message, created_at, trusted_at, segments, bytes, footage_bytes, plan, rules)
       VALUES ($1, $2, $3, to_timestamp($4::float8 / 1000), to_timestamp($5::float8 / 1000), $6, $7, $8, $9, $10)`,
      [
        block.volumeId,
        block.reason,
        block.message,
        block.createdAtMs,
        block.trustedAtMs,
        block.segments,
        block.bytes,
        block.footageBytes,
        JSON.stringify(block.plan),
        JSON.stringify(block.rules),
      ],
    );
  }

  /** Notes how much of an approved plan is done. */
  async pass(id: number, segments: number, bytes: number): Promise<void> {
    await this.database.query(
      'UPDATE retention_block SET passed_segments = passed_segments + $2, passed_bytes = passed_bytes + $3 WHERE id = $1',
      [id, segments, bytes],
    );
  }

  async close(id: number, because: string, nowMs: number): Promise<void> {
    await this.database.query(
      `UPDATE retention_block SET closed_at = to_timestamp($3::float8 / 1000), closed_because = $2
       WHERE id = $1 AND closed_at IS NULL`,
      [id, because, nowMs],
    );
  }

  /**
   * Lets the plan of each open block pass once: of the volume of that name, or of all.
   * @throws NightjarError `not-found` if nothing waits for it
   */
  async approve(volume: string | undefined, by: string, nowMs: number): Promise<RetentionBlock[]> {
    const rows = await this.database.query<{ id: number }>(
      `UPDATE retention_block b SET approved_at = to_timestamp($3::float8 / 1000), approved_by = $2 FROM volume v
       WHERE v.id = b.volume_id AND b.closed_at IS NULL AND b.approved_at IS NULL AND ($1::text IS NULL OR v.name = $1)
       RETURNING b.id`,
      [volume ?? null, by, nowMs],
    );
    if (rows.length === 0)
      throw new NightjarError(
        'not-found',
        'retention/nothing-blocked',
        volume === undefined
          ? 'no plan waits for an approval'
          : `no plan for volume ${volume} waits for an approval`,
      );
    return this.database.query(`${BLOCKS} WHERE b.id = ANY($1::integer[]) ORDER BY v.name`, [
      rows.map(({ id }) => id),
    ]);
  }
}

const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;
const BELIEVED = (table: string): string => `${table}.outcome IN ('done', 'share')`;

const BLOCKS = `
  SELECT b.id, b.volume_id AS "volumeId", v.name AS volume, b.reason, b.message, ${ms('b.created_at')} AS "createdAtMs",
    ${ms('b.trusted_at')} AS "trustedAtMs", b.segments, b.bytes::float8 AS bytes, b.footage_bytes::float8 AS "footageBytes",
    b.plan, b.rules, ${ms('b.approved_at')} AS "approvedAtMs", b.approved_by AS "approvedBy",
    b.passed_segments AS "passedSegments", b.passed_bytes::float8 AS "passedBytes"
  FROM retention_block b JOIN volume v ON v.id = b.volume_id`;
