import type { JournalRecord } from '@nightjar/catalog';
import { AccountEnds } from '../account/account-ends.js';
import type { AccountEnd } from '../account/account-record.js';

/** A record as it stands in the journal; `seq` rises by one per line of a volume. */
export type JournalLine = JournalRecord & { readonly seq: number };

export type RecordOf<T extends JournalRecord['type']> = Extract<JournalRecord, { type: T }>;

const TYPES: readonly string[] = [
  'run-started',
  'segment-opened',
  'segment-closed',
  'run-ended',
  'gap',
  'unwanted',
  'declared',
  'withdrawn',
  'event',
  'events-over',
  'audit',
] satisfies JournalRecord['type'][];

/** Undefined for a line that is torn or of an unknown type. */
export function parseJournalLine(line: string): JournalLine | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null) return undefined;
    const { type, seq } = value as Record<string, unknown>;
    if (typeof type !== 'string' || !TYPES.includes(type) || !Number.isSafeInteger(seq))
      return undefined;
    return value as JournalLine;
  } catch {
    return undefined;
  }
}

interface OpenRun {
  readonly record: RecordOf<'run-started'>;
  readonly lastClosed?: RecordOf<'segment-closed'>;
}

/** What a process that ends now leaves open, as the lines so far tell it: runs, segments, and where each stream's account stands. */
export class OpenSet {
  private readonly ends = new AccountEnds();
  private readonly runs = new Map<string, OpenRun>();
  private readonly segments = new Map<string, RecordOf<'segment-opened'>>();

  apply(record: JournalRecord): void {
    if (!this.endsEmptyRun(record)) this.ends.apply(record);
    switch (record.type) {
      case 'run-started':
        this.runs.set(record.run, { record });
        break;
      case 'segment-opened':
        this.segments.set(record.path, record);
        break;
      case 'segment-closed': {
        this.segments.delete(record.path);
        const run = this.runs.get(record.run);
        if (run !== undefined)
          this.runs.set(record.run, { record: run.record, lastClosed: record });
        break;
      }
      case 'run-ended':
        this.runs.delete(record.run);
        for (const [path, segment] of this.segments)
          if (segment.run === record.run) this.segments.delete(path);
        break;
      case 'gap':
      case 'unwanted':
      case 'declared':
      case 'withdrawn':
      case 'event':
      case 'events-over':
      case 'audit':
        break;
    }
  }

  /** A run that came to nothing accounts for nothing, and what held before it was to be told with its first fragment. */
  private endsEmptyRun(record: JournalRecord): boolean {
    if (record.type !== 'run-ended') return false;
    const run = this.runs.get(record.run);
    return run !== undefined && run.lastClosed === undefined;
  }

  get openSegments(): RecordOf<'segment-opened'>[] {
    return [...this.segments.values()];
  }

  /** With the end of the last segment that was closed; undefined: none was. */
  get openRuns(): { readonly record: RecordOf<'run-started'>; readonly endMs?: number }[] {
    return [...this.runs.values()].map(({ record, lastClosed }) => ({
      record,
      ...(lastClosed !== undefined && { endMs: lastClosed.endMs }),
    }));
  }

  /** By stream; the runs that are open are not regarded. */
  get accountEnds(): AccountEnd[] {
    return this.ends.all;
  }

  /** The records from which a set equal to this one can be built. */
  carryOver(): JournalRecord[] {
    const runs = [...this.runs.values()];
    return [
      ...runs.flatMap(({ record, lastClosed }) =>
        lastClosed === undefined ? [record] : [record, lastClosed],
      ),
      ...this.segments.values(),
      ...this.ends.carryOver(),
    ];
  }
}
