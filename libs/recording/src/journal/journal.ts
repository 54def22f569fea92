import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timer } from '@nightjar/common';
import type { JournalCursor, JournalRecord } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import { syncDirectory } from '../segments/durable-files.js';
import { OpenSet, parseJournalLine } from './journal-records.js';
import type { RecordOf } from './journal-records.js';

/** A journal file is followed by the next when it has grown to this. */
export const JOURNAL_FILE_BYTES = 8 * 1024 * 1024;
/** Lines kept in memory while the disk refuses them; more are lost (the files still hold the footage). */
export const MAX_BACKLOG_BYTES = 4 * 1024 * 1024;
/** A refused write is tried again after this, or with the next record. */
export const RETRY_MS = 1_000;

const FILE_NAME = /^(\d{8})\.jsonl$/;

export function journalFileName(number: number): string {
  return `${String(number).padStart(8, '0')}.jsonl`;
}

/** Numbers of the journal files in a folder, rising; empty when there is no folder. */
export async function journalFiles(directory: string): Promise<number[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .flatMap((name) => FILE_NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

interface Pending {
  readonly record: JournalRecord;
  readonly bytes: number;
  settle: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined;
}

/** Where records go; a {@link Journal}, or the way to one that another process keeps. */
export interface JournalSink {
  /** Resolves when the record is durable. Rejects when the disk refuses it: it is then kept and tried again. */
  append(record: JournalRecord): Promise<void>;
}

/**
 * The write-ahead record of open segments and the feed of the catalog: JSON lines, appended in batches, each batch made
 * durable by one fdatasync. Every file begins with what is open, so that the newest file alone tells what a crash left.
 */
export class Journal implements JournalSink {
  private readonly open = new OpenSet();
  private pending: Pending[] = [];
  private pendingBytes = 0;
  private running: Promise<void> | undefined;
  private retry: Timer | undefined;
  private closed = false;
  private lost = 0;
  private refused = false;

  private constructor(
    private readonly directory: string,
    private readonly clock: Clock,
    private readonly fileBytes: number,
    /** Undefined while it is let go of. */
    private file: FileHandle | undefined,
    private fileNumber: number,
    private size: number,
    private seq: number,
  ) {}

  /**
   * Opens the newest file, cutting a line that a crash tore, or begins the first.
   * @param fileBytes size at which a file is followed by the next
   */
  static async open(
    directory: string,
    clock: Clock,
    fileBytes = JOURNAL_FILE_BYTES,
  ): Promise<Journal> {
    await mkdir(directory, { recursive: true });
    const number = (await journalFiles(directory)).at(-1) ?? 0;
    const file = await open(join(directory, journalFileName(number)), 'a+');
    const content = await file.readFile();
    const size = content.lastIndexOf(0x0a) + 1;
    if (size < content.length) await file.truncate(size);
    const journal = new Journal(directory, clock, fileBytes, file, number, size, 0);
    for (const text of content.toString('utf8', 0, size).split('\n')) {
      const line = parseJournalLine(text);
      if (line === undefined) continue;
      journal.open.apply(line);
      journal.seq = Math.max(journal.seq, line.seq);
    }
    await file.datasync();
    await syncDirectory(directory);
    return journal;
  }

  get openSegments(): RecordOf<'segment-opened'>[] {
    return this.open.openSegments;
  }

  get openRuns(): OpenSet['openRuns'] {
    return this.open.openRuns;
  }

  get accountEnds(): OpenSet['accountEnds'] {
    return this.open.accountEnds;
  }

  /** End of what is durable: where a reader that needs only news may start. */
  get position(): JournalCursor {
    return { file: this.fileNumber, offset: this.size };
  }

  /** Records that did not fit into memory while the disk refused writes. */
  get lostRecords(): number {
    return this.lost;
  }

  /** Whether the disk refused the last write. */
  get failing(): boolean {
    return this.refused;
  }

  /** Lets go of the file, so that its disk can be unmounted; what is appended from then on is refused and kept. */
  async release(): Promise<void> {
    this.retry?.cancel();
    await this.running;
    const { file } = this;
    this.file = undefined;
    this.refused = true;
    await file?.close().catch(() => undefined);
  }

  /**
   * Opens the file again, since a disk that went away and came back knows nothing of what was open; then writes what waits.
   * The caller has made sure that it is the same disk.
   * @throws NightjarError `recording/journal-changed` when it is not the file that was left, or the error of the file system
   */
  async reopen(): Promise<void> {
    this.retry?.cancel();
    await this.running;
    const path = join(this.directory, journalFileName(this.fileNumber));
    // As 'a+', but it must be there.
    const file = await open(path, constants.O_RDWR | constants.O_APPEND);
    try {
      const { size } = await file.stat();
      if (size < this.size) {
        const message = `the journal has ${size} bytes, but ${this.size} were written`;
        throw new NightjarError('data-loss', 'recording/journal-changed', message);
      }
      if (size > this.size) await file.truncate(this.size);
    } catch (error) {
      await file.close();
      throw error;
    }
    await this.file?.close().catch(() => undefined);
    this.file = file;
    this.refused = false;
    if (this.pending.length > 0) this.kick();
    await this.running;
  }

  /**
   * Adds one record; resolves when it is durable. Rejects when the disk refuses it: it is then kept and tried again.
   */
  append(record: JournalRecord): Promise<void> {
    if (this.closed)
      return Promise.reject(
        new NightjarError('cancelled', 'recording/journal-closed', 'the journal is closed'),
      );
    const bytes = JSON.stringify(record).length;
    if (this.pendingBytes + bytes > MAX_BACKLOG_BYTES) {
      this.lost += 1;
      return Promise.reject(
        new NightjarError(
          'exhausted',
          'recording/journal-backlog',
          'the journal cannot be written',
        ),
      );
    }
    return new Promise((resolve, reject) => {
      this.pending.push({ record, bytes, settle: { resolve, reject } });
      this.pendingBytes += bytes;
      this.kick();
    });
  }

  /** Removes files that lie wholly before the cursor. */
  async deleteBefore(cursor: JournalCursor): Promise<void> {
    for (const number of await journalFiles(this.directory)) {
      if (number < cursor.file && number !== this.fileNumber)
        await unlink(join(this.directory, journalFileName(number)));
    }
  }

  /** Writes what is pending, once more if it was refused, and closes the file. */
  async close(): Promise<void> {
    this.retry?.cancel();
    this.closed = true;
    await this.running;
    if (this.pending.length > 0) await this.writePending().catch(() => undefined);
    await this.file?.close();
  }

  private encode(records: readonly JournalRecord[]): Buffer {
    const lines = records.map(
      (record, index) => `${JSON.stringify({ seq: this.seq + 1 + index, ...record })}\n`,
    );
    return Buffer.from(lines.join(''));
  }

  private kick(): void {
    if (this.running !== undefined) return;
    this.retry?.cancel();
    this.running = this.drain().finally(() => {
      this.running = undefined;
    });
  }

  private async drain(): Promise<void> {
    while (this.pending.length > 0) {
      try {
        await this.writePending();
        if (this.size >= this.fileBytes) await this.rotate();
        this.refused = false;
      } catch (error) {
        this.refused = true;
        for (const line of this.pending) {
          line.settle?.reject(error);
          line.settle = undefined;
        }
        if (!this.closed && this.file !== undefined)
          this.retry = this.clock.setTimer(RETRY_MS, () => this.kick());
        return;
      }
    }
  }

  private async writePending(): Promise<void> {
    const { file } = this;
    if (file === undefined) {
      const message = 'the volume of the journal cannot be used now';
      throw new NightjarError('unavailable', 'recording/volume-released', message);
    }
    const batch = [...this.pending];
    const records = batch.map((line) => line.record);
    const bytes = this.encode(records);
    try {
      // A write that was cut short is taken back, so that no line is torn in the middle of the file.
      await file.appendFile(bytes);
      await file.datasync();
    } catch (error) {
      await file.truncate(this.size).catch(() => undefined);
      throw error;
    }
    this.size += bytes.length;
    this.seq += records.length;
    this.pending = this.pending.slice(batch.length);
    for (const { record, bytes: length, settle } of batch) {
      this.pendingBytes -= length;
      this.open.apply(record);
      settle?.resolve();
    }
  }

  /** The next file appears under its name only when it holds all that is open. */
  private async rotate(): Promise<void> {
    const number = this.fileNumber + 1;
    const path = join(this.directory, journalFileName(number));
    const next = await open(`${path}.new`, 'w+');
    const records = this.open.carryOver();
    const carried = this.encode(records);
    await next.writeFile(carried);
    await next.datasync();
    await next.close();
    await rename(`${path}.new`, path);
    await syncDirectory(this.directory);
    const old = this.file;
    this.file = await open(path, 'a+');
    this.fileNumber = number;
    this.size = carried.length;
    this.seq += records.length;
    await old?.close();
  }
}
