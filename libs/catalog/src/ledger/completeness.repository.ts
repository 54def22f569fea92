import type { Database, SqlRunner } from '../database.js';
import { account } from './account.js';
import type { Span } from './account.js';
import { completenessOf } from './completeness.js';
import type { Completeness } from './completeness.js';
import { LedgerRepository } from './ledger.repository.js';
import type { LedgerStream } from './ledger.repository.js';

/** What became of one day of a stream. */
export interface DayCompleteness extends Completeness {
  readonly camera: string;
  readonly stream: string;
  /** As `2026-11-20`, in the time zone that was asked for. */
  readonly day: string;
}

export interface DaysRequest {
  /** Undefined: every camera. */
  readonly camera: string | undefined;
  /** Both included. */
  readonly fromDay: string;
  readonly toDay: string;
  /** IANA name; PostgreSQL knows when its days begin. */
  readonly timeZone: string;
  /** Days that begin after it are left out. */
  readonly nowMs: number;
}

/** Sums of days are kept for this time zone; of others they are made when asked for. */
const KEPT_TIME_ZONE = 'UTC';
/** Days whose facts are read at once. */
const MAX_DAYS_AT_ONCE = 31;

/** How complete the footage is, per stream and day. */
export class CompletenessRepository {
  private readonly ledger: LedgerRepository;

  constructor(private readonly database: Database) {
    this.ledger = new LedgerRepository(database);
  }

  /** By camera, stream and day. */
  async days(request: DaysRequest): Promise<DayCompleteness[]> {
    const { camera, fromDay, toDay, timeZone, nowMs } = request;
    const all = await this.database.query<Day>(DAYS, [fromDay, toDay, timeZone]);
    const days = all.filter(({ startMs }) => startMs < nowMs);
    const streams = await this.ledger.streams(camera);
    const keeps = timeZone === KEPT_TIME_ZONE;
    const kept = await this.kept(keeps ? streams : [], fromDay, toDay);
    const reports: DayCompleteness[] = [];
    for (const stream of streams) {
      const open = days.filter(({ day }) => !kept.has(keyOf(stream.id, day)));
      const made = await this.make(this.ledger, stream.id, open, nowMs);
      for (const { day } of days) {
        const sums = kept.get(keyOf(stream.id, day)) ?? made.get(day);
        if (sums !== undefined)
          reports.push({ camera: stream.camera, stream: stream.stream, day, ...sums });
      }
    }
    return reports;
  }

  /**
   * Sums and keeps the days (UTC) that are over and are not kept yet, or of which facts came later. A day of which facts may
   * still be on their way is left for the next time.
   * @param signal ends it between two days
   * @returns how many days were summed
   */
  async rollUp(
    nowMs: number,
    signal: AbortSignal,
    report: (fraction: number, note?: string) => void,
  ): Promise<number> {
    const streams = await this.ledger.streams();
    let summed = 0;
    for (const [index, { id, camera, stream }] of streams.entries()) {
      report(index / streams.length, `${camera}/${stream}`);
      for (const day of await this.database.query<Day>(DAYS_TO_SUM, [id, nowMs])) {
        if (signal.aborted) return summed;
        if (await this.keep(id, day, nowMs)) summed += 1;
      }
    }
    return summed;
  }

  private async kept(
    streams: readonly LedgerStream[],
    fromDay: string,
    toDay: string,
  ): Promise<Map<string, Completeness>> {
    const rows = await this.database.query<Omit<Completeness, 'pendingMs'> & KeptKey>(KEPT, [
      streams.map(({ id }) => id),
      fromDay,
      toDay,
    ]);
    return new Map(
      rows.map(({ streamId, day, ...sums }) => [keyOf(streamId, day), { ...sums, pendingMs: 0 }]),
    );
  }

  /** From the facts, some days at a time. */
  private async make(
    ledger: LedgerRepository,
    stream: number,
    days: readonly Day[],
    nowMs: number,
  ): Promise<Map<string, Completeness>> {
    const made = new Map<string, Completeness>();
    for (const some of chunksOf(days)) {
      const range = {
        startMs: some[0]?.startMs ?? 0,
        endMs: Math.min(some.at(-1)?.endMs ?? 0, nowMs),
      };
      const facts = await ledger.facts(stream, range);
      const entries = account(range, facts);
      for (const day of some) made.set(day.day, completenessOf(entries, facts.declared, day));
    }
    return made;
  }

  /**
   * The row is there, marked as wrong, before its facts are read, and its lock is held while they are: whoever stores facts of
   * the day marks it again, before or after.
   */
  private async keep(stream: number, day: Day, nowMs: number): Promise<boolean> {
    await this.database.query(PLACEHOLDER, [stream, day.day]);
    return this.database.transaction(async (sql: SqlRunner) => {
      await sql.query('SELECT 1 FROM completeness WHERE stream_id = $1 AND day = $2 FOR UPDATE', [
        stream,
        day.day,
      ]);
      const sums = (await this.make(new LedgerRepository(sql), stream, [day], nowMs)).get(day.day);
      if (sums === undefined || sums.pendingMs > 0) return false;
      const whole = wholeMilliseconds(sums);
      await sql.query(KEEP, [
        stream,
        day.day,
        whole.declaredMs,
        whole.recordedMs,
        whole.unwantedMs,
        whole.missingMs,
        JSON.stringify(whole.missing),
      ]);
      return true;
    });
  }
}

interface Day extends Span {
  readonly day: string;
}

interface KeptKey {
  readonly streamId: number;
  readonly day: string;
}

function keyOf(stream: number, day: string): string {
  return `${stream} ${day}`;
}

/** Runs of days that follow each other, of bounded length. */
function chunksOf(days: readonly Day[]): Day[][] {
  const chunks: Day[][] = [];
  for (const day of days) {
    const last = chunks.at(-1);
    if (last?.at(-1)?.endMs === day.startMs && last.length < MAX_DAYS_AT_ONCE) last.push(day);
    else chunks.push([day]);
  }
  return chunks;
}

/** Rounded so that the sums still come to the whole. */
function wholeMilliseconds(sums: Completeness): Completeness {
  const missing = Object.fromEntries(
    Object.entries(sums.missing).map(([reason, value]) => [reason, Math.round(value)]),
  );
  const missingMs = Object.values(missing).reduce((sum, value) => sum + value, 0);
  const recordedMs = Math.round(sums.recordedMs);
  const unwantedMs = Math.round(sums.unwantedMs);
  const declaredMs = recordedMs + unwantedMs + missingMs;
  return { declaredMs, recordedMs, unwantedMs, missingMs, pendingMs: 0, missing };
}

const MS = (time: string): string => `(extract(epoch FROM ${time}) * 1000)::float8`;

const DAYS = `
  SELECT to_char(d, 'YYYY-MM-DD') AS day, ${MS('d AT TIME ZONE $3')} AS "startMs",
    ${MS("(d + interval '1 day') AT TIME ZONE $3")} AS "endMs"
  FROM generate_series($1::date::timestamp, $2::date::timestamp, interval '1 day') d ORDER BY d`;

const DAYS_TO_SUM = `
  SELECT to_char(d, 'YYYY-MM-DD') AS day, ${MS("d AT TIME ZONE 'UTC'")} AS "startMs",
    ${MS("(d + interval '1 day') AT TIME ZONE 'UTC'")} AS "endMs"
  FROM stream t CROSS JOIN LATERAL generate_series(
    date_trunc('day', t.declared_at AT TIME ZONE 'UTC'),
    date_trunc('day', to_timestamp($2::float8 / 1000) AT TIME ZONE 'UTC') - interval '1 day',
    interval '1 day') d
  LEFT JOIN completeness k ON k.stream_id = t.id AND k.day = d::date
  WHERE t.id = $1 AND (k.stream_id IS NULL OR k.stale)
    AND (t.facts_from IS NULL OR d AT TIME ZONE 'UTC' >= t.facts_from) ORDER BY d`;

/** Where facts are forgotten the sums stay as they are. */
const KEPT = `
  SELECT k.stream_id AS "streamId", to_char(k.day, 'YYYY-MM-DD') AS day, k.declared_ms::float8 AS "declaredMs",
    k.recorded_ms::float8 AS "recordedMs", k.unwanted_ms::float8 AS "unwantedMs", k.missing_ms::float8 AS "missingMs", k.missing
  FROM completeness k JOIN stream t ON t.id = k.stream_id
  WHERE k.stream_id = ANY($1::integer[]) AND k.day BETWEEN $2::date AND $3::date
    AND (NOT k.stale OR k.day::timestamp AT TIME ZONE 'UTC' < t.facts_from)`;

const PLACEHOLDER = `
  INSERT INTO completeness (stream_id, day, declared_ms, recorded_ms, unwanted_ms, missing_ms, missing, stale)
  VALUES ($1, $2::date, 0, 0, 0, 0, '{}', true) ON CONFLICT (stream_id, day) DO NOTHING`;

const KEEP = `
  UPDATE completeness SET declared_ms = $3, recorded_ms = $4, unwanted_ms = $5, missing_ms = $6, missing = $7::jsonb, stale = false
  WHERE stream_id = $1 AND day = $2::date`;
