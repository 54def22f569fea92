import pg from 'pg';
import type { SqlRunner } from '../database.js';
import { databaseError } from '../database-error.js';
import type { CameraEvent } from './camera-event.js';
import {
  EVENT_CHANNEL,
  EVENT_COLUMNS,
  EVENTS,
  IS_OF_CAMERA,
  OVERRIDE_CHANNEL,
  toEvent,
  type EventColumns,
} from './event-sql.js';
import { readOverrides } from './override.repository.js';
import type { RecordingOverride } from './recording-override.js';

const CONNECT_TIMEOUT_MS = 5_000;
/** A server that does not answer in this time is away. */
const QUERY_TIMEOUT_MS = 5_000;

/** More at once are not told: who acts on them does not remember more either. */
export const MAX_RECENT = 20_000;

export interface ConnectionEvents {
  /** Events or overrides have changed: read again. */
  notified(): void;
  /** The connection broke; not called after {@link EventConnection.close}. */
  ended(reason: string): void;
}

/** One connection that hears of changes and reads them. It is not made again: open another. */
export class EventConnection {
  private closed = false;

  private constructor(
    private readonly client: pg.Client,
    private readonly sql: SqlRunner,
  ) {}

  /** @throws NightjarError `unavailable` when the database is away, `internal` before its first migration */
  static async open(url: string, events: ConnectionEvents): Promise<EventConnection> {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'nightjar-events',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      statement_timeout: QUERY_TIMEOUT_MS,
      keepAlive: true,
    });
    const connection = new EventConnection(client, {
      query: async <Row>(text: string, parameters: readonly unknown[]) => {
        try {
          return (await client.query(text, [...parameters])).rows as Row[];
        } catch (error) {
          throw databaseError(error);
        }
      },
    });
    const ended = (reason: string): void => {
      if (connection.closed) return;
      connection.closed = true;
      events.ended(reason);
    };
    client.on('error', (error) => ended(databaseError(error).message));
    client.on('end', () => ended('database: the connection ended'));
    client.on('notification', () => events.notified());
    try {
      await client.connect();
      // Before the first read: what changes after it is told.
      await client.query(`LISTEN ${EVENT_CHANNEL}`);
      await client.query(`LISTEN ${OVERRIDE_CHANNEL}`);
    } catch (error) {
      await connection.close();
      throw databaseError(error);
    }
    return connection;
  }

  /** Number of the newest change; 0 if there was none. */
  async newestChange(): Promise<number> {
    const rows = await this.sql.query<{ change: number | null }>(
      'SELECT max(change)::float8 AS change FROM event',
      [],
    );
    return rows[0]?.change ?? 0;
  }

  /** Events of cameras that go on, or ended at or after a time; the newest {@link MAX_RECENT} of them. */
  async eventsSince(sinceMs: number): Promise<CameraEvent[]> {
    const rows = await this.sql.query<EventColumns>(
      `SELECT ${EVENT_COLUMNS} FROM ${EVENTS}
       WHERE e.start_at >= to_timestamp($1::float8 / 1000) - interval '1 day'
         AND coalesce(e.end_at, 'infinity') >= to_timestamp($1::float8 / 1000) AND ${IS_OF_CAMERA}
       ORDER BY e.start_at DESC, e.id DESC LIMIT $2`,
      [sinceMs, MAX_RECENT],
    );
    return rows.map(toEvent).toReversed();
  }

  /** Events of cameras that were changed after a number, in that order, at most `limit`. */
  async eventsAfter(
    change: number,
    limit: number,
  ): Promise<{ readonly change: number; readonly event: CameraEvent }[]> {
    const rows = await this.sql.query<EventColumns & { change: number }>(
      `SELECT ${EVENT_COLUMNS}, e.change::float8 AS change FROM ${EVENTS}
       WHERE e.change > $1 AND ${IS_OF_CAMERA} ORDER BY e.change LIMIT $2`,
      [change, limit],
    );
    return rows.map((row) => ({ change: row.change, event: toEvent(row) }));
  }

  async overrides(): Promise<RecordingOverride[]> {
    return readOverrides(this.sql);
  }

  /** Never rejects. */
  async close(): Promise<void> {
    this.closed = true;
    await this.client.end().catch(() => undefined);
  }
}
