import type { Database } from './database.js';
import { account } from './ledger/account.js';
import type { Span } from './ledger/account.js';
import { coarsen } from './ledger/coarsen.js';
import type { CoarseAccount, CoarseFootage } from './ledger/coarsen.js';
import { LedgerRepository } from './ledger/ledger.repository.js';
import type { RecordedSpan } from './ledger/ledger.repository.js';

/** Footage, drawn across interruptions that are shorter than the resolution. */
export interface TimelineFootage extends CoarseFootage {
  readonly segments: number;
  readonly bytes: number;
}

/** What became of a range of a stream: the footage that is there, and why there is none elsewhere. */
export interface Timeline extends Omit<CoarseAccount, 'recorded'> {
  readonly recorded: TimelineFootage[];
}

export interface TimelineRequest extends Span {
  readonly camera: string;
  readonly stream: string;
  /** Nothing is said about the time after it. */
  readonly nowMs: number;
  /** What is shorter is drawn together, never left out; 0: everything as it is. */
  readonly resolutionMs: number;
}

export interface CatalogStream {
  camera: string;
  stream: string;
  /** Undefined while nothing is recorded. */
  oldestMs: number | undefined;
  newestMs: number | undefined;
}

export class TimelineRepository {
  private readonly ledger: LedgerRepository;

  constructor(private readonly database: Database) {
    this.ledger = new LedgerRepository(database);
  }

  /** What is recorded of a stream between two wall times and what is not, clipped to them, each list in order. */
  async timeline(request: TimelineRequest): Promise<Timeline> {
    const { camera, stream, startMs, endMs, nowMs, resolutionMs } = request;
    const known = (await this.ledger.streams(camera)).find((each) => each.stream === stream);
    const range = { startMs, endMs: Math.min(endMs, nowMs) };
    if (known === undefined || range.endMs <= startMs) return coarsenNothing();
    const facts = await this.ledger.facts(known.id, range);
    const coarse = coarsen(account(range, facts), resolutionMs);
    return { ...coarse, recorded: withSegments(coarse.recorded, facts.recorded) };
  }

  /** Every stream that was ever recorded, with its extent. */
  async streams(): Promise<CatalogStream[]> {
    const rows = await this.database.query<
      Omit<CatalogStream, 'oldestMs' | 'newestMs'> & {
        oldestMs: number | null;
        newestMs: number | null;
      }
    >(STREAMS);
    return rows.map((row) => ({
      ...row,
      oldestMs: row.oldestMs ?? undefined,
      newestMs: row.newestMs ?? undefined,
    }));
  }
}

function coarsenNothing(): Timeline {
  return { recorded: [], deleted: [], gaps: [], unwanted: [], pending: [] };
}

/**
 * Both lists are in order. An island that is drawn as several ranges, because media are missing inside, is shared out to them by
 * their length: what it counts adds up to the same.
 */
function withSegments(
  footage: readonly CoarseFootage[],
  islands: readonly RecordedSpan[],
): TimelineFootage[] {
  const ranges = footage.map((range) => ({ ...range, segments: 0, bytes: 0 }));
  let first = 0;
  for (const island of islands) {
    // One that ends before the footage begins only reached into the margin of the query.
    while ((ranges[first]?.endMs ?? Infinity) <= island.startMs) first += 1;
    const parts: { range: (typeof ranges)[number]; reachMs: number }[] = [];
    let reachMs = 0;
    for (let index = first; index < ranges.length; index += 1) {
      const range = ranges[index]!;
      if (range.startMs >= island.endMs) break;
      reachMs += Math.min(range.endMs, island.endMs) - Math.max(range.startMs, island.startMs);
      parts.push({ range, reachMs });
    }
    let segments = 0;
    let bytes = 0;
    for (const part of parts) {
      const share = part.reachMs / reachMs;
      part.range.segments += Math.round(island.segments * share) - segments;
      part.range.bytes += Math.round(island.bytes * share) - bytes;
      segments = Math.round(island.segments * share);
      bytes = Math.round(island.bytes * share);
    }
  }
  return ranges;
}

const STREAMS = `
  SELECT c.name AS camera, t.name AS stream,
    (extract(epoch FROM oldest.start_at) * 1000)::float8 AS "oldestMs", (extract(epoch FROM newest.end_at) * 1000)::float8 AS "newestMs"
  FROM stream t JOIN camera c ON c.id = t.camera_id
  LEFT JOIN LATERAL (
    SELECT s.start_at FROM segment s WHERE s.stream_id = t.id AND s.state = 'present' ORDER BY s.start_at LIMIT 1
  ) oldest ON true
  LEFT JOIN LATERAL (
    SELECT s.end_at FROM segment s WHERE s.stream_id = t.id AND s.state = 'present' ORDER BY s.start_at DESC LIMIT 1
  ) newest ON true
  ORDER BY c.name, t.name`;
