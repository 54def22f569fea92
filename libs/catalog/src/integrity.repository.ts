import type { Database } from './database.js';

/** A stored segment as a check of its file needs it. */
export interface SegmentToCheck {
  readonly run: string;
  readonly sequence: number;
  readonly path: string;
  readonly camera: string;
  readonly stream: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly bytes: number;
  readonly hash: string;
  /** Whether the segment that this one names as the one before it is known, present or deleted; true where none is named. */
  readonly linked: boolean;
}

/** How far the present pass over a volume has come. Times are Unix epoch milliseconds. */
export interface IntegrityPass {
  readonly startedAtMs: number;
  /** Undefined while it goes on. */
  readonly finishedAtMs: number | undefined;
  /** The last segment that was looked at; undefined at the beginning. */
  readonly after:
    { readonly startMs: number; readonly run: string; readonly sequence: number } | undefined;
  readonly segments: number;
  readonly bytes: number;
}

/** What is wrong with a file. */
export type DamageKind =
  'missing' | 'unreadable' | 'not-closed' | 'altered' | 'replaced' | 'unlinked';

export interface Damage {
  readonly volumeId: string;
  readonly path: string;
  readonly kind: DamageKind;
  readonly camera: string;
  readonly stream: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly detail: string;
  readonly foundAtMs: number;
}

/** The state of one stream's archive on one day, as a checkpoint signs it. */
export interface StreamDay {
  readonly camera: string;
  readonly stream: string;
  readonly segments: number;
  readonly bytes: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly lastHash: string;
  /** SHA-256 over the hashes of the segments that began on the day, by start, one per line; hexadecimal. */
  readonly digest: string;
}

export interface StoredCheckpoint {
  /** UTC, as `2026-11-20`. */
  readonly day: string;
  /** The JSON text that was signed, to the byte. */
  readonly payload: string;
  /** Ed25519, base64. */
  readonly signature: string;
  readonly keyId: string;
}

/** What the checks of the archive read and remember. */
export class IntegrityRepository {
  constructor(private readonly database: Database) {}

  /** Present bytes and segments of a volume. */
  async extent(volumeId: string): Promise<{ segments: number; bytes: number }> {
    const [row] = await this.database.query<{ segments: number; bytes: number }>(
      `SELECT count(*)::float8 AS segments, coalesce(sum(bytes), 0)::float8 AS bytes
       FROM segment WHERE volume_id = $1::uuid AND state = 'present'`,
      [volumeId],
    );
    return row ?? { segments: 0, bytes: 0 };
  }

  /** The next segments of a volume behind `after`, oldest first. */
  async next(
    volumeId: string,
    after: IntegrityPass['after'],
    limit: number,
  ): Promise<SegmentToCheck[]> {
    return this.database.query(NEXT, [
      volumeId,
      after?.startMs ?? null,
      after?.run ?? null,
      after?.sequence ?? null,
      limit,
    ]);
  }

  /** Whether the segment is still to be there: not deleted, nor about to be. */
  async isPresent(volumeId: string, path: string): Promise<boolean> {
    const rows = await this.database.query(
      `SELECT 1 FROM segment WHERE volume_id = $1::uuid AND path = $2 AND state = 'present'`,
      [volumeId, path],
    );
    return rows.length > 0;
  }

  async pass(volumeId: string): Promise<IntegrityPass | undefined> {
    const [row] = await this.database.query<{
      startedAtMs: number;
      finishedAtMs: number | null;
      startMs: number | null;
      run: string | null;
      sequence: number | null;
      segments: number;
      bytes: number;
    }>(PASS, [volumeId]);
    if (row === undefined) return undefined;
    const { startedAtMs, finishedAtMs, startMs, run, sequence, segments, bytes } = row;
    return {
      startedAtMs,
      finishedAtMs: finishedAtMs ?? undefined,
      after:
        startMs === null || run === null || sequence === null
          ? undefined
          : { startMs, run, sequence },
      segments,
      bytes,
    };
  }

  async savePass(volumeId: string, pass: IntegrityPass): Promise<void> {
    await this.database.query(SAVE_PASS, [
      volumeId,
      pass.startedAtMs,
      pass.finishedAtMs ?? null,
      pass.after?.startMs ?? null,
      pass.after?.run ?? null,
      pass.after?.sequence ?? null,
      pass.segments,
      pass.bytes,
    ]);
  }

  /** Remembers what is wrong with a file, until it is found to be right or is gone in order. */
  async damaged(
    volumeId: string,
    segment: Pick<SegmentToCheck, 'path' | 'camera' | 'stream' | 'startMs' | 'endMs'>,
    kind: DamageKind,
    detail: string,
  ): Promise<void> {
    const { path, camera, stream, startMs, endMs } = segment;
    await this.database.query(DAMAGED, [
      volumeId,
      path,
      kind,
      camera,
      stream,
      startMs,
      endMs,
      detail,
    ]);
  }

  /** Forgets findings about files that were looked at again, except these kinds. */
  async sound(volumeId: string, path: string, except: readonly DamageKind[]): Promise<void> {
    await this.database.query(
      'DELETE FROM damage WHERE volume_id = $1::uuid AND path = $2 AND kind <> ALL($3::text[])',
      [volumeId, path, [...except]],
    );
  }

  /** Findings about segments that still count as present, newest footage first. */
  async damage(limit: number): Promise<Damage[]> {
    return this.database.query(DAMAGE, [limit]);
  }

  /** How many files of a volume are damaged, by kind. */
  async damageCounts(volumeId: string): Promise<{ kind: DamageKind; files: number }[]> {
    return this.database.query(
      `SELECT kind, count(*)::integer AS files FROM damage d
       WHERE volume_id = $1::uuid AND ${STILL_PRESENT} GROUP BY kind ORDER BY kind`,
      [volumeId],
    );
  }

  /** What every stream recorded on one day (UTC), deleted segments included. @param day as `2026-11-20` */
  async streamDays(day: string): Promise<StreamDay[]> {
    return this.database.query(STREAM_DAYS, [day]);
  }

  /** The first day (UTC) from which anything is recorded; undefined for an empty archive. */
  async firstDay(): Promise<string | undefined> {
    const [row] = await this.database.query<{ day: string | null }>(
      `SELECT to_char(min(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day FROM
         (SELECT min(start_at) AS at FROM segment UNION ALL SELECT min(start_at) FROM deletion) firsts`,
    );
    return row?.day ?? undefined;
  }

  /** @throws NightjarError `conflict` when the day has one already: a checkpoint is never replaced */
  async addCheckpoint({ day, payload, signature, keyId }: StoredCheckpoint): Promise<void> {
    await this.database.query(
      'INSERT INTO checkpoint (day, payload, signature, key_id) VALUES ($1::date, $2, $3, $4)',
      [day, payload, signature, keyId],
    );
  }

  /** Checkpoints of these days, both included, in order. */
  async checkpoints(fromDay: string, toDay: string): Promise<StoredCheckpoint[]> {
    return this.database.query(
      `SELECT to_char(day, 'YYYY-MM-DD') AS day, payload, signature, key_id AS "keyId"
       FROM checkpoint WHERE day BETWEEN $1::date AND $2::date ORDER BY day`,
      [fromDay, toDay],
    );
  }

  /** The newest checkpoint. */
  async lastCheckpoint(): Promise<StoredCheckpoint | undefined> {
    const [row] = await this.database.query<StoredCheckpoint>(
      `SELECT to_char(day, 'YYYY-MM-DD') AS day, payload, signature, key_id AS "keyId"
       FROM checkpoint ORDER BY day DESC LIMIT 1`,
    );
    return row;
  }
}

const MS = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;

/**
 * Segments that name a predecessor: it is among the few before them, or was deleted. More than one are looked at because a
 * segment that was finished after a failure shares its predecessor with the one behind it.
 */
const LINKED = `
  s.previous_hash IS NULL
    OR EXISTS (
      SELECT 1 FROM (
        SELECT p.hash FROM segment p WHERE p.stream_id = s.stream_id AND p.start_at < s.start_at
        ORDER BY p.start_at DESC LIMIT 32
      ) before WHERE before.hash = s.previous_hash)
    OR EXISTS (SELECT 1 FROM deletion d WHERE d.hash = s.previous_hash AND d.stream_id = s.stream_id)`;

const NEXT = `
  WITH s AS MATERIALIZED (
    SELECT s.* FROM segment s WHERE s.volume_id = $1::uuid AND s.state = 'present'
      AND s.start_at >= coalesce(to_timestamp($2::float8 / 1000), '-infinity')
      AND (s.start_at, s.run_id, s.sequence) >
        (coalesce(to_timestamp($2::float8 / 1000), '-infinity'), coalesce($3::text, ''), coalesce($4::integer, -1))
    ORDER BY s.start_at, s.run_id, s.sequence LIMIT $5
  )
  SELECT s.run_id AS run, s.sequence, s.path, c.name AS camera, t.name AS stream, ${MS('s.start_at')} AS "startMs",
    ${MS('s.end_at')} AS "endMs", s.bytes::float8 AS bytes, s.hash, (${LINKED}) AS linked
  FROM s JOIN stream t ON t.id = s.stream_id JOIN camera c ON c.id = t.camera_id
  ORDER BY s.start_at, s.run_id, s.sequence`;

const PASS = `
  SELECT ${MS('started_at')} AS "startedAtMs", ${MS('finished_at')} AS "finishedAtMs", ${MS('after_start')} AS "startMs",
    after_run AS run, after_sequence AS sequence, segments::float8 AS segments, bytes::float8 AS bytes
  FROM integrity_pass WHERE volume_id = $1::uuid`;

const SAVE_PASS = `
  INSERT INTO integrity_pass (volume_id, started_at, finished_at, after_start, after_run, after_sequence, segments, bytes)
  VALUES ($1::uuid, to_timestamp($2::float8 / 1000), to_timestamp($3::float8 / 1000), to_timestamp($4::float8 / 1000), $5, $6, $7, $8)
  ON CONFLICT (volume_id) DO UPDATE SET started_at = EXCLUDED.started_at, finished_at = EXCLUDED.finished_at,
    after_start = EXCLUDED.after_start, after_run = EXCLUDED.after_run, after_sequence = EXCLUDED.after_sequence,
    segments = EXCLUDED.segments, bytes = EXCLUDED.bytes`;

const DAMAGED = `
  INSERT INTO damage (volume_id, path, kind, stream_id, start_at, end_at, detail)
  SELECT $1::uuid, $2, $3, t.id, to_timestamp($6::float8 / 1000), to_timestamp($7::float8 / 1000), $8
  FROM stream t JOIN camera c ON c.id = t.camera_id WHERE c.name = $4 AND t.name = $5
  ON CONFLICT (volume_id, path, kind) DO UPDATE SET detail = EXCLUDED.detail, seen_at = now()`;

const STILL_PRESENT = `EXISTS (
  SELECT 1 FROM segment s WHERE s.volume_id = d.volume_id AND s.path = d.path AND s.state = 'present')`;

const DAMAGE = `
  SELECT d.volume_id AS "volumeId", d.path, d.kind, c.name AS camera, t.name AS stream, ${MS('d.start_at')} AS "startMs",
    ${MS('d.end_at')} AS "endMs", d.detail, ${MS('d.found_at')} AS "foundAtMs"
  FROM damage d JOIN stream t ON t.id = d.stream_id JOIN camera c ON c.id = t.camera_id
  WHERE ${STILL_PRESENT} ORDER BY d.start_at DESC, d.path, d.kind LIMIT $1`;

const STREAM_DAYS = `
  WITH recorded AS (
    SELECT stream_id, run_id, sequence, start_at, end_at, bytes, hash FROM segment
    WHERE start_at >= $1::date::timestamp AT TIME ZONE 'UTC' AND start_at < ($1::date + 1)::timestamp AT TIME ZONE 'UTC'
    UNION ALL
    SELECT stream_id, run_id, sequence, start_at, end_at, bytes, hash FROM deletion
    WHERE start_at >= $1::date::timestamp AT TIME ZONE 'UTC' AND start_at < ($1::date + 1)::timestamp AT TIME ZONE 'UTC'
      AND hash IS NOT NULL
  )
  SELECT c.name AS camera, t.name AS stream, count(*)::integer AS segments, sum(r.bytes)::float8 AS bytes,
    ${MS('min(r.start_at)')} AS "startMs", ${MS('max(r.end_at)')} AS "endMs",
    (array_agg(r.hash ORDER BY r.start_at DESC, r.run_id DESC, r.sequence DESC))[1] AS "lastHash",
    encode(sha256(convert_to(string_agg(r.hash || E'\\n', '' ORDER BY r.start_at, r.run_id, r.sequence), 'UTF8')), 'hex') AS digest
  FROM recorded r JOIN stream t ON t.id = r.stream_id JOIN camera c ON c.id = t.camera_id
  GROUP BY c.name, t.name ORDER BY c.name, t.name`;
