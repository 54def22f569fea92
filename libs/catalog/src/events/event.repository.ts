import { NightjarError } from '@nightjar/common';
import type { Database, SqlRunner } from '../database.js';
import type { EventDetails, EventSource } from './camera-event.js';
import {
  beginEventChange,
  endedAt,
  EVENT_COLUMNS,
  EVENTS,
  IS_OF_CAMERA,
  placeOf,
  toEvent,
  type EventColumns,
} from './event-sql.js';

/** Which events end. */
export interface EventEnd {
  readonly camera: string;
  /** undefined: every open event of the type and stream. */
  readonly id: string | undefined;
  readonly type: string | undefined;
  readonly stream: string | undefined;
  /** Only those that this source told of; undefined: of all. */
  readonly source?: EventSource | undefined;
  readonly atMs: number;
}

export interface EventRange {
  readonly camera: string;
  readonly startMs: number;
  readonly endMs: number;
  /** undefined: all types. */
  readonly types: readonly string[] | undefined;
  readonly limit: number;
}

/** The rows of events. Each change is told to all who listen as it becomes visible. */
export class EventRepository {
  constructor(private readonly database: Database) {}

  /**
   * Stores an event once: one whose id is known already stays as it is.
   * @param supersedes whether it ends what its sender left open: the same type, source and stream
   * @returns the event as it is stored now
   */
  async begin(event: EventDetails, { supersedes }: { supersedes: boolean }): Promise<EventDetails> {
    return this.changing(async (sql) => {
      const { cameraId, streamId } = await placeOf(sql, event.camera, event.stream);
      if (supersedes) {
        await sql.query(
          `UPDATE event e SET end_at = ${AT_FIFTH}, change = nextval('event_change')
           WHERE e.camera_id = $1 AND e.type = $2 AND e.source = $3 AND e.stream_id IS NOT DISTINCT FROM $4::integer
             AND e.end_at IS NULL AND e.id <> $6`,
          [cameraId, event.type, event.source, streamId, event.startMs, event.id],
        );
      }
      await sql.query(
        `INSERT INTO event (camera_id, id, stream_id, type, source, start_at, end_at, label, data, change)
         SELECT $1::integer, $2::text, $3::integer, $4::text, $5::text, to_timestamp($6::float8 / 1000), to_timestamp($7::float8 / 1000), $8::text, $9::jsonb,
           nextval('event_change')
         WHERE NOT EXISTS (SELECT 1 FROM event WHERE camera_id = $1 AND id = $2::text)`,
        [
          cameraId,
          event.id,
          streamId,
          event.type,
          event.source,
          event.startMs,
          event.endMs ?? null,
          event.label ?? null,
          event.data === undefined ? null : JSON.stringify(event.data),
        ],
      );
      const rows = await sql.query<DetailColumns>(
        `${SELECT_DETAILS} WHERE e.camera_id = $1 AND e.id = $2`,
        [cameraId, event.id],
      );
      return toDetails(rows[0]!);
    });
  }

  /**
   * Ends open events; one that has ended keeps its end.
   * @returns the events that are meant, as they are stored now; with an id also one that had ended before
   * @throws NightjarError `not-found` for an id that is not known
   */
  async end({ camera, id, type, stream, source, atMs }: EventEnd): Promise<EventDetails[]> {
    return this.changing(async (sql) => {
      const { cameraId, streamId } = await placeOf(sql, camera, stream);
      const which = [cameraId, id ?? null, type ?? null, streamId, source ?? null];
      const meant = `e.camera_id = $1 AND ($2::text IS NULL OR e.id = $2) AND ($3::text IS NULL OR e.type = $3)
        AND ($4::integer IS NULL OR e.stream_id = $4) AND ($5::text IS NULL OR e.source = $5) AND ${IS_OF_CAMERA}`;
      const ended = await sql.query<{ id: string }>(
        `UPDATE event e SET end_at = ${AT_SIXTH}, change = nextval('event_change')
         WHERE ${meant} AND e.end_at IS NULL RETURNING e.id`,
        [...which, atMs],
      );
      const ids = id === undefined ? ended.map((row) => row.id) : [id];
      const rows = await sql.query<DetailColumns>(
        `${SELECT_DETAILS} WHERE e.camera_id = $1 AND e.id = ANY($2::text[]) ORDER BY e.start_at, e.id`,
        [cameraId, ids],
      );
      if (id !== undefined && rows.length === 0)
        throw new NightjarError('not-found', 'catalog/unknown-event', `there is no event ${id}`);
      return rows.map(toDetails);
    });
  }

  /** Events of a camera that overlap a range, those that go on included, in order of their start. */
  async inRange({ camera, startMs, endMs, types, limit }: EventRange): Promise<EventDetails[]> {
    const rows = await this.database.query<DetailColumns>(
      `${SELECT_DETAILS} WHERE c.name = $1
         AND e.start_at >= to_timestamp($2::float8 / 1000) - interval '1 day' AND e.start_at < to_timestamp($3::float8 / 1000)
         AND coalesce(e.end_at, 'infinity') >= to_timestamp($2::float8 / 1000)
         AND ($4::text[] IS NULL OR e.type = ANY($4::text[]))
       ORDER BY e.start_at, e.id LIMIT $5`,
      [camera, startMs, endMs, types === undefined ? null : [...types], limit],
    );
    return rows.map(toDetails);
  }

  /** What Nightjar tells of its streams that goes on now, in order of its start. */
  async ongoing(): Promise<EventDetails[]> {
    const rows = await this.database.query<DetailColumns>(
      `${SELECT_DETAILS} WHERE e.end_at IS NULL AND NOT (${IS_OF_CAMERA}) ORDER BY e.start_at, e.id`,
      [],
    );
    return rows.map(toDetails);
  }

  /** Ends what has gone on for a day: its end was lost. */
  async endLost(nowMs: number): Promise<number> {
    return this.changing(async (sql) => {
      const rows = await sql.query(
        `UPDATE event SET end_at = start_at + interval '1 day', change = nextval('event_change')
         WHERE end_at IS NULL AND start_at < to_timestamp($1::float8 / 1000) - interval '1 day' RETURNING id`,
        [nowMs],
      );
      return rows.length;
    });
  }

  /** Removes at most `limit` events that ended before a time and have no footage. @returns how many */
  async forget(beforeMs: number, limit: number): Promise<number> {
    const rows = await this.database.query(
      `DELETE FROM event USING (
         SELECT e.camera_id, e.id FROM event e
         WHERE e.start_at < to_timestamp($1::float8 / 1000) AND e.end_at < to_timestamp($1::float8 / 1000)
           AND NOT EXISTS (
             SELECT 1 FROM stream t JOIN segment s ON s.stream_id = t.id
             WHERE t.camera_id = e.camera_id AND s.state = 'present' AND s.end_at >= e.start_at
               AND s.start_at >= e.start_at - interval '1 day' AND s.start_at <= e.end_at)
         LIMIT $2
       ) gone WHERE event.camera_id = gone.camera_id AND event.id = gone.id RETURNING event.id`,
      [beforeMs, limit],
    );
    return rows.length;
  }

  private async changing<Result>(work: (sql: SqlRunner) => Promise<Result>): Promise<Result> {
    return this.database.transaction(async (sql) => {
      await beginEventChange(sql);
      return work(sql);
    });
  }
}

const AT_FIFTH = endedAt('to_timestamp($5::float8 / 1000)');
const AT_SIXTH = endedAt('to_timestamp($6::float8 / 1000)');

const SELECT_DETAILS = `SELECT ${EVENT_COLUMNS}, e.label, e.data FROM ${EVENTS}`;

interface DetailColumns extends EventColumns {
  label: string | null;
  data: Record<string, unknown> | null;
}

function toDetails(row: DetailColumns): EventDetails {
  return { ...toEvent(row), label: row.label ?? undefined, data: row.data ?? undefined };
}
