import type { Database } from './database.js';

/** One stream whose footage is exported. */
export interface ExportedStream {
  readonly camera: string;
  readonly stream: string;
}

export interface ExportOrder {
  readonly streams: readonly ExportedStream[];
  /** Wall time, Unix epoch milliseconds; the end is excluded. */
  readonly startMs: number;
  readonly endMs: number;
  /** All files in one archive too. */
  readonly zip: boolean;
}

/** A finished file of an export. */
export interface ExportFile {
  readonly name: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

export type ExportState = 'waiting' | 'running' | 'done' | 'failed';

export interface ExportRow {
  readonly id: string;
  readonly createdMs: number;
  /** Name of the user; undefined while nobody has to log in. */
  readonly createdBy: string | undefined;
  readonly order: ExportOrder;
  readonly state: ExportState;
  /** 0 to 1. */
  readonly progress: number;
  /** Why it failed, or has to wait. */
  readonly reason: string | undefined;
  /** Empty unless it is done. */
  readonly files: readonly ExportFile[];
  readonly bytes: number;
  readonly expiresMs: number;
}

type RawRow = Omit<ExportRow, 'createdBy' | 'reason'> & {
  createdBy: string | null;
  reason: string | null;
};

/** What was asked to be exported, until it expires or is deleted. */
export class ExportRepository {
  constructor(private readonly database: Database) {}

  async create(
    row: Pick<ExportRow, 'id' | 'createdMs' | 'createdBy' | 'order' | 'expiresMs'>,
  ): Promise<void> {
    await this.database.query(
      `INSERT INTO export (id, created_at, created_by, request, expires_at)
       VALUES ($1, to_timestamp($2::float8 / 1000), $3, $4, to_timestamp($5::float8 / 1000))`,
      [row.id, row.createdMs, row.createdBy ?? null, JSON.stringify(row.order), row.expiresMs],
    );
  }

  async get(id: string): Promise<ExportRow | undefined> {
    const rows = await this.database.query<RawRow>(`${SELECT} WHERE id = $1`, [id]);
    return rows.map(toRow)[0];
  }

  /** Newest first. */
  async list(limit: number): Promise<ExportRow[]> {
    const sql = `${SELECT} ORDER BY created_at DESC, id LIMIT $1`;
    return (await this.database.query<RawRow>(sql, [limit])).map(toRow);
  }

  /** Those whose time was over at this moment. */
  async expired(atMs: number): Promise<ExportRow[]> {
    const sql = `${SELECT} WHERE expires_at <= to_timestamp($1::float8 / 1000) ORDER BY expires_at`;
    return (await this.database.query<RawRow>(sql, [atMs])).map(toRow);
  }

  /** Bytes of the finished exports. */
  async totalBytes(): Promise<number> {
    const [row] = await this.database.query<{ bytes: number }>(
      'SELECT coalesce(sum(bytes), 0)::float8 AS bytes FROM export',
    );
    return row?.bytes ?? 0;
  }

  async countOf(...states: readonly ExportState[]): Promise<number> {
    const [row] = await this.database.query<{ count: number }>(
      'SELECT count(*)::integer AS count FROM export WHERE state = ANY($1)',
      [states],
    );
    return row?.count ?? 0;
  }

  /** A step is this far. @returns false when the export is not there, is done or failed */
  async progress(id: string, progress: number): Promise<boolean> {
    const rows = await this.database.query<{ id: string }>(
      `UPDATE export SET state = 'running', progress = greatest(progress, $2), reason = NULL
       WHERE id = $1 AND state IN ('waiting', 'running') RETURNING id`,
      [id, progress],
    );
    return rows.length > 0;
  }

  /** A step could not be done and will be tried again. */
  async postpone(id: string, reason: string): Promise<void> {
    await this.database.query(
      `UPDATE export SET state = 'waiting', reason = $2
       WHERE id = $1 AND state IN ('waiting', 'running')`,
      [id, reason],
    );
  }

  /** @returns false when the export was deleted meanwhile */
  async finish(id: string, files: readonly ExportFile[]): Promise<boolean> {
    const rows = await this.database.query<{ id: string }>(
      `UPDATE export SET state = 'done', progress = 1, reason = NULL, files = $2, bytes = $3
       WHERE id = $1 RETURNING id`,
      [id, JSON.stringify(files), files.reduce((sum, { bytes }) => sum + bytes, 0)],
    );
    return rows.length > 0;
  }

  async fail(id: string, reason: string): Promise<void> {
    await this.database.query(
      `UPDATE export SET state = 'failed', reason = $2, files = '[]', bytes = 0
       WHERE id = $1 AND state <> 'done'`,
      [id, reason],
    );
  }

  async remove(id: string): Promise<void> {
    await this.database.query('DELETE FROM export WHERE id = $1', [id]);
  }
}

const SELECT = `
  SELECT id, (extract(epoch FROM created_at) * 1000)::float8 AS "createdMs", created_by AS "createdBy", request AS "order",
    state, progress, reason, files, bytes::float8 AS bytes, (extract(epoch FROM expires_at) * 1000)::float8 AS "expiresMs"
  FROM export`;

function toRow({ createdBy, reason, ...row }: RawRow): ExportRow {
  return { ...row, createdBy: createdBy ?? undefined, reason: reason ?? undefined };
}
