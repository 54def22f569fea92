import type { AuditEntry } from './audit-entry.js';
import type { Database, SqlRunner } from './database.js';
import { jsonOf } from './segment-writer.js';

export interface AuditRange {
  readonly startMs: number;
  /** Excluded. */
  readonly endMs: number;
  /** undefined: all kinds. */
  readonly kinds: readonly string[] | undefined;
  readonly limit: number;
  /** The entry behind which the page goes on, towards the past. */
  readonly before: Pick<AuditEntry, 'atMs' | 'id'> | undefined;
}

type Columns = { [Name in keyof AuditEntry]-?: Exclude<AuditEntry[Name], undefined> | null } & {
  id: string;
  atMs: number;
  kind: string;
};

/** What was decided, by whom and when. */
export class AuditTrailRepository {
  constructor(private readonly database: Database) {}

  async add(entries: readonly AuditEntry[]): Promise<void> {
    await this.database.transaction((sql) => storeAudit(sql, entries));
  }

  /** The newest first. */
  async page({ startMs, endMs, kinds, limit, before }: AuditRange): Promise<AuditEntry[]> {
    const rows = await this.database.query<Columns>(
      `SELECT id, floor(extract(epoch FROM at) * 1000)::float8 AS "atMs", kind, principal, address, protocol, camera, data FROM audit
       WHERE at >= to_timestamp($1::float8 / 1000) AND at < to_timestamp($2::float8 / 1000)
         AND ($3::text[] IS NULL OR kind = ANY($3::text[]))
         AND ($4::float8 IS NULL OR (at, id) < (to_timestamp($4::float8 / 1000), $5::text))
       ORDER BY at DESC, id DESC LIMIT $6`,
      [startMs, endMs, kinds ?? null, before?.atMs ?? null, before?.id ?? null, limit],
    );
    return rows.map((row) => ({
      id: row.id,
      atMs: row.atMs,
      kind: row.kind,
      principal: row.principal ?? undefined,
      address: row.address ?? undefined,
      protocol: row.protocol ?? undefined,
      camera: row.camera ?? undefined,
      data: row.data ?? undefined,
    }));
  }

  /** Forgets what is older. Returns how many were forgotten. */
  async forgetBefore(atMs: number): Promise<number> {
    const [row] = await this.database.query<{ count: number }>(
      `WITH gone AS (DELETE FROM audit WHERE at < to_timestamp($1::float8 / 1000) RETURNING 1)
       SELECT count(*)::integer AS count FROM gone`,
      [atMs],
    );
    return row?.count ?? 0;
  }
}

/** Whole milliseconds, so that a page goes on behind the very entry that it is told. */
export async function storeAudit(sql: SqlRunner, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await sql.query(
    `INSERT INTO audit (id, at, kind, principal, address, protocol, camera, data)
     SELECT id, to_timestamp(floor("atMs") / 1000), kind, principal, address, protocol, camera, data
     FROM jsonb_to_recordset($1::jsonb) AS i(id text, "atMs" float8, kind text, principal text, address text, protocol text,
       camera text, data jsonb)
     ON CONFLICT (id) DO NOTHING`,
    [jsonOf(entries, FIELDS)],
  );
}

const FIELDS = [
  'id',
  'atMs',
  'kind',
  'principal',
  'address',
  'protocol',
  'camera',
  'data',
] as const satisfies (keyof AuditEntry)[];
