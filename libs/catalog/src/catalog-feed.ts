import { NightjarError } from '@nightjar/common';
import { storeAudit } from './audit-trail.repository.js';
import type { Database, SqlRunner } from './database.js';
import { beginEventChange } from './events/event-sql.js';
import { storeOwnEvents } from './events/own-events.js';
import { compareCursors, isStorable } from './journal-record.js';
import type { JournalCursor, JournalRecord, SegmentFacts } from './journal-record.js';
import { markStale, storeDeclarations, storeSpans } from './ledger/ledger-writer.js';
import type { TouchedSpan } from './ledger/ledger-writer.js';
import {
  ensurePartitions,
  ensureRuns,
  ensureStreams,
  jsonOf,
  storeSegments,
} from './segment-writer.js';

export interface FeedResult {
  /** False if the catalog had already consumed up to the cursor, or is not where reading began: nothing was done. */
  applied: boolean;
  /** Segments that were not in the catalog before. */
  newSegments: number;
  /** Records left out because they cannot be stored. */
  rejected: number;
}

/**
 * The database half of the journal feed: at least once in, exactly once stored. Records and the cursor behind them are
 * stored in one transaction, under the row lock of their volume.
 */
export class CatalogFeed {
  constructor(private readonly database: Database) {}

  /**
   * Where reading goes on.
   * @throws NightjarError `not-found` for a volume that is not registered
   */
  async cursor(volumeId: string): Promise<JournalCursor> {
    const rows = await this.database.query<CursorRow>(`${SELECT_CURSOR} WHERE id = $1`, [volumeId]);
    return toCursor(rows, volumeId);
  }

  /**
   * Stores what the journal of a volume says.
   * @param cursor the position after the last of `records`
   * @param from where reading began; nothing is stored unless the catalog is there, which another worker or a restored backup changes
   * @throws NightjarError `unavailable` while the database is away; nothing is stored then and the call can be repeated
   */
  async apply(
    volumeId: string,
    records: readonly JournalRecord[],
    cursor: JournalCursor,
    from?: JournalCursor,
  ): Promise<FeedResult> {
    const storable = records.filter(isStorable);
    await ensurePartitions(this.database, ofType(storable, 'segment-closed'));
    return this.database.transaction(async (sql) => {
      const stored = toCursor(
        await sql.query<CursorRow>(`${SELECT_CURSOR} WHERE id = $1 FOR UPDATE`, [volumeId]),
        volumeId,
      );
      const moved = from !== undefined && compareCursors(from, stored) !== 0;
      if (moved || compareCursors(cursor, stored) <= 0)
        return { applied: false, newSegments: 0, rejected: 0 };
      const newSegments = await storeRecords(sql, volumeId, storable);
      await sql.query('UPDATE volume SET journal_file = $2, journal_offset = $3 WHERE id = $1', [
        volumeId,
        cursor.file,
        cursor.offset,
      ]);
      return { applied: true, newSegments, rejected: records.length - storable.length };
    });
  }

  /** Makes rows of files alone (repair). Deleted segments whose file is still there come back. */
  async rebuild(volumeId: string, segments: readonly SegmentFacts[]): Promise<void> {
    await ensurePartitions(this.database, segments);
    await this.database.transaction(async (sql) => {
      toCursor(
        await sql.query<CursorRow>(`${SELECT_CURSOR} WHERE id = $1 FOR UPDATE`, [volumeId]),
        volumeId,
      );
      await storeSegments(sql, volumeId, segments, { revive: true });
      await storeDeclarations(sql, firstOfEach(segments));
      await markStale(sql, segments);
    });
  }
}

/** Where there is footage the stream was declared: all that is left to tell so when the journal is lost. */
function firstOfEach(segments: readonly SegmentFacts[]): RecordOf<'declared'>[] {
  const first = new Map<string, RecordOf<'declared'>>();
  for (const { camera, stream, startMs } of segments) {
    const key = `${camera}/${stream}`;
    const atMs = Math.min(startMs, first.get(key)?.atMs ?? Infinity);
    first.set(key, { type: 'declared', camera, stream, atMs });
  }
  return [...first.values()];
}

const SELECT_CURSOR = 'SELECT journal_file AS file, journal_offset::float8 AS "offset" FROM volume';

interface CursorRow {
  file: number;
  offset: number;
}

function toCursor(rows: readonly CursorRow[], volumeId: string): JournalCursor {
  const row = rows[0];
  if (row === undefined)
    throw new NightjarError(
      'not-found',
      'catalog/unknown-volume',
      `volume ${volumeId} is not registered`,
      { volumeId },
    );
  return { file: row.file, offset: row.offset };
}

/** The kinds are stored one after the other; within a kind the order of the journal decides. */
async function storeRecords(
  sql: SqlRunner,
  volumeId: string,
  records: readonly JournalRecord[],
): Promise<number> {
  const starts = ofType(records, 'run-started');
  const segments = ofType(records, 'segment-closed');
  const gaps = ofType(records, 'gap');
  const unwanted = ofType(records, 'unwanted');
  const declarations = [...ofType(records, 'declared'), ...ofType(records, 'withdrawn')];
  const events = ofType(records, 'event');
  const over = ofType(records, 'events-over');
  if (events.length > 0 || over.length > 0) await beginEventChange(sql);
  await ensureStreams(sql, [...starts, ...gaps, ...unwanted, ...declarations, ...events, ...over]);
  await storeDeclarations(sql, declarations);
  await ensureRuns(sql, volumeId, starts);
  const newSegments = await storeSegments(sql, volumeId, segments, { revive: false });
  await endRuns(sql, ofType(records, 'run-ended'));
  await storeSpans(sql, 'gap', gaps);
  await storeSpans(sql, 'unwanted', unwanted);
  await storeOwnEvents(sql, events, over);
  await storeAudit(sql, ofType(records, 'audit'));
  await markStale(sql, [...segments, ...gaps, ...unwanted, ...declarations.map(fromThenOn)]);
  return newSegments;
}

/** Being declared or not changes every day after it. */
function fromThenOn({ camera, stream, atMs }: RecordOf<'declared' | 'withdrawn'>): TouchedSpan {
  return { camera, stream, startMs: atMs, endMs: END_OF_TIME_MS };
}

/** End of the year 9999. */
const END_OF_TIME_MS = 253_402_300_799_999;

type RecordOf<Type extends JournalRecord['type']> = Extract<JournalRecord, { type: Type }>;

function ofType<Type extends JournalRecord['type']>(
  records: readonly JournalRecord[],
  type: Type,
): RecordOf<Type>[] {
  return records.filter((record): record is RecordOf<Type> => record.type === type);
}

async function endRuns(sql: SqlRunner, ends: readonly RecordOf<'run-ended'>[]): Promise<void> {
  if (ends.length === 0) return;
  await sql.query(
    `UPDATE run r SET ended_at = to_timestamp(i."endedAtMs" / 1000), end_reason = i.reason
     FROM jsonb_to_recordset($1::jsonb) AS i(run text, "endedAtMs" float8, reason text)
     WHERE r.id = i.run AND r.ended_at IS NULL`,
    [jsonOf(ends, ['run', 'endedAtMs', 'reason'])],
  );
}
