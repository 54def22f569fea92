import type { SqlRunner } from '../database.js';
import { summaryQuery, walkQuery } from './footage-query.js';
import type { PlaceLine, RetentionRule, StreamLine, WalkedLine } from './footage-query.js';

export interface StreamKey {
  readonly streamId: number;
  readonly cameraId: number;
  readonly camera: string;
  readonly stream: string;
}

/** Footage of one stream on one volume. Times are Unix epoch milliseconds. */
export interface FootageOf {
  readonly streamId: number;
  readonly volumeId: string;
  readonly segments: number;
  readonly bytes: number;
  /** Start of the first and end of the last segment. */
  readonly oldestMs: number;
  readonly newestMs: number;
}

/** What would go of one stream on one volume by one rule. */
export interface DoomedOf extends FootageOf {
  readonly rule: RetentionRule;
  /** Length of all segments together. */
  readonly durationMs: number;
  /** Bytes of those that went past their age since the sweep before. */
  readonly fellDueBytes: number;
}

export interface WalkResult {
  readonly scope: string;
  /** What begins up to here has to go; null if all of the stretch is not enough. */
  readonly uptoMs: number | null;
  /** Bytes of the whole stretch that no rule had claimed. */
  readonly bytes: number;
}

/** The questions of retention about footage that is there. All of them are answered from indexes. */
export class FootageReader {
  constructor(private readonly sql: SqlRunner) {}

  async streams(): Promise<StreamKey[]> {
    return this.sql.query(
      `SELECT t.id AS "streamId", c.id AS "cameraId", c.name AS camera, t.name AS stream
       FROM stream t JOIN camera c ON c.id = t.camera_id ORDER BY c.name, t.name`,
      [],
    );
  }

  /** All footage of these streams, or what began at or after `sinceMs`. */
  async footage(streamIds: readonly number[], sinceMs?: number): Promise<FootageOf[]> {
    if (streamIds.length === 0) return [];
    return this.sql.query(FOOTAGE, [streamIds, sinceMs ?? null]);
  }

  /** Start of the oldest footage of these streams; undefined if there is none. */
  async oldestMs(streamIds: readonly number[]): Promise<number | undefined> {
    const [row] = await this.sql.query<{ oldestMs: number | null }>(OLDEST, [streamIds]);
    return row?.oldestMs ?? undefined;
  }

  /** End of the newest footage on a volume; undefined if there is none. */
  async newestMs(volumeId: string): Promise<number | undefined> {
    const [row] = await this.sql.query<{ newestMs: number | null }>(NEWEST, [volumeId]);
    return row?.newestMs ?? undefined;
  }

  /** Bytes of the newest `limit` segments of a volume: a lower bound of what it holds, at little cost. */
  async newestBytes(volumeId: string, limit: number): Promise<number> {
    const [row] = await this.sql.query<{ bytes: number }>(NEWEST_BYTES, [volumeId, limit]);
    return row?.bytes ?? 0;
  }

  /** Bytes that wait to be unlinked. */
  async condemnedBytes(volumeId: string): Promise<number> {
    const [row] = await this.sql.query<{ bytes: number }>(
      `SELECT coalesce(sum(bytes), 0)::float8 AS bytes FROM segment WHERE volume_id = $1::uuid AND state = 'deleting'`,
      [volumeId],
    );
    return row?.bytes ?? 0;
  }

  /** @param sinceLastMs milliseconds since the sweep before */
  async doomed(
    lines: readonly StreamLine[],
    places: readonly PlaceLine[],
    nowMs: number,
    sinceLastMs: number,
  ): Promise<DoomedOf[]> {
    return this.sql.query(summaryQuery(readsEvents(lines)), [
      ...parameters(lines, places, nowMs),
      sinceLastMs,
    ]);
  }

  /** Looks for room in a stretch of time, oldest first, for several scopes at once. */
  async walk(
    lines: readonly WalkedLine[],
    places: readonly PlaceLine[],
    nowMs: number,
    needs: readonly { readonly scope: string; readonly bytes: number }[],
  ): Promise<WalkResult[]> {
    return this.sql.query(walkQuery(readsEvents(lines)), [
      ...parameters(lines, places, nowMs),
      JSON.stringify(needs),
    ]);
  }
}

/** The events are asked for only where a rule depends on them. */
export function readsEvents(lines: readonly StreamLine[]): boolean {
  return lines.some(({ eventAgedBeforeMs }) => eventAgedBeforeMs !== null);
}

export function parameters(
  lines: readonly StreamLine[],
  places: readonly PlaceLine[],
  nowMs: number,
): [string, string, number] {
  return [JSON.stringify(lines), JSON.stringify(places), nowMs];
}

export const FOOTAGE = `
  SELECT t.id AS "streamId", s.volume_id AS "volumeId", s.segments, s.bytes,
    (extract(epoch FROM s.oldest) * 1000)::float8 AS "oldestMs", (extract(epoch FROM s.newest) * 1000)::float8 AS "newestMs"
  FROM unnest($1::integer[]) AS t(id) CROSS JOIN LATERAL (
    SELECT s.volume_id, count(*)::integer AS segments, sum(s.bytes)::float8 AS bytes, min(s.start_at) AS oldest, max(s.end_at) AS newest
    FROM segment s WHERE s.stream_id = t.id AND s.state = 'present'
      AND s.start_at >= coalesce(to_timestamp($2::float8 / 1000), '-infinity')
    GROUP BY s.volume_id
  ) s`;

const OLDEST = `
  SELECT (extract(epoch FROM min(s.start_at)) * 1000)::float8 AS "oldestMs"
  FROM unnest($1::integer[]) AS t(id) CROSS JOIN LATERAL (
    SELECT s.start_at FROM segment s WHERE s.stream_id = t.id AND s.state = 'present' ORDER BY s.start_at LIMIT 1
  ) s`;

const NEWEST = `
  SELECT (extract(epoch FROM s.end_at) * 1000)::float8 AS "newestMs" FROM segment s
  WHERE s.volume_id = $1::uuid ORDER BY s.start_at DESC LIMIT 1`;

const NEWEST_BYTES = `
  SELECT coalesce(sum(bytes), 0)::float8 AS bytes FROM (
    SELECT s.bytes FROM segment s WHERE s.volume_id = $1::uuid AND s.state = 'present' ORDER BY s.start_at DESC LIMIT $2
  ) s`;
