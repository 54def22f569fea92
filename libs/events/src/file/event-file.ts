import { constants } from 'node:fs';
import { mkdir, open, readFile, rename, stat, writeFile, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, NightjarError, type Clock, type Timer } from '@nightjar/common';
import { metrics, type Logger } from '@nightjar/monitoring';
import { LineBuffer } from './line-buffer.js';

/** How often the file is looked at. */
export const POLL_MS = 250;
/** Read at once; a whole line is waited for before more is read. */
const CHUNK_BYTES = 64 * 1024;
/** Lines that cannot be taken are told at most so often. */
const COMPLAIN_MS = 1_000;

export interface EventFileOptions {
  /** A file that is appended to, or a named pipe. Need not be there yet. */
  readonly file: string;
  /** Where it is noted how far the file was read. */
  readonly positionFile: string;
  /**
   * Takes one line. A NightjarError `invalid` or `not-found` is about the line; after any other error it is given again.
   * @param seenMs wall time at which it was read first
   * @param ownId the same for the same line; undefined when lines cannot be told apart
   */
  readonly publish: (line: string, seenMs: number, ownId: string | undefined) => Promise<void>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/** How far a file was read. */
interface Position {
  readonly inode: number;
  /** Names this life of the file: another after each rotation and truncation. */
  readonly life: string;
  /** Behind the last line that was taken. */
  readonly offset: number;
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly isPipe: boolean;
  readonly inode: number;
  life: string;
  offset: number;
}

/**
 * Follows a file line by line, through rotation by renaming and by truncation, and goes on after a restart where it was.
 * What is in the file when it is seen for the very first time is history and passed over.
 */
export class EventFile {
  private readonly lines = new LineBuffer();
  private readonly piece = Buffer.alloc(CHUNK_BYTES);
  private current: OpenFile | undefined;
  /** When the newest of the lines that wait was read. */
  private seenMs = 0;
  private stopped = false;
  /** Nothing is known of any file before this one. */
  private isFirst = true;
  private wake: () => void = () => undefined;
  private running: Promise<void> = Promise.resolve();
  private complaint: string | undefined;
  private rejected = 0;
  private complainedMs = -Infinity;

  constructor(private readonly options: EventFileOptions) {}

  /** Returns at once. */
  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.running;
    await this.close();
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.follow();
        if (this.complaint !== undefined) this.options.log.info('events are read from the file');
        this.complaint = undefined;
      } catch (error) {
        const reason = messageOf(error);
        if (this.complaint !== reason)
          this.options.log.warn({ reason }, 'events cannot be taken from the file');
        this.complaint = reason;
      }
      await this.pause();
    }
  }

  /** Takes all that is there. */
  private async follow(): Promise<void> {
    this.current ??= await this.open();
    const { current } = this;
    if (current === undefined) return;
    const { handle, isPipe } = current;
    while (!this.stopped) {
      await this.takeLines(current);
      const position = isPipe ? null : current.offset + this.lines.bytes;
      const bytes = await read(handle, this.piece, position);
      if (bytes === 0) break;
      this.lines.push(this.piece.subarray(0, bytes));
      this.seenMs = this.options.clock.wallMs();
    }
    // Between the two steps of a rotation there is none: who has it open may still write to the one before.
    const there = await stat(this.options.file).catch(() => undefined);
    if (this.stopped || there === undefined) return;
    if (there.ino !== current.inode) await this.close();
    else if (!isPipe && there.size < current.offset + this.lines.bytes) this.beginAgain(current);
  }

  private async takeLines(current: OpenFile): Promise<void> {
    const from = current.offset;
    try {
      for (let line = this.lines.peek(); line !== undefined; line = this.lines.peek()) {
        const ownId = current.isPipe ? undefined : `file-${current.life}-${current.offset}`;
        if ('tooLong' in line) this.reject('the line is too long');
        else if (line.text !== '') await this.publish(line.text, ownId);
        this.lines.take();
        current.offset += line.bytes;
      }
    } finally {
      if (!current.isPipe && current.offset !== from) await this.note(current);
    }
  }

  private async publish(line: string, ownId: string | undefined): Promise<void> {
    try {
      await this.options.publish(line, this.seenMs, ownId);
    } catch (error) {
      const isOfLine =
        error instanceof NightjarError && (error.kind === 'invalid' || error.kind === 'not-found');
      if (!isOfLine) throw error;
      this.reject(error.message);
    }
  }

  private reject(reason: string): void {
    metrics.eventFileLinesRejected.inc();
    this.rejected += 1;
    const nowMs = this.options.clock.monotonicMs();
    if (nowMs - this.complainedMs < COMPLAIN_MS) return;
    this.options.log.warn(
      { reason, lines: this.rejected },
      'lines of the event file were left out',
    );
    this.complainedMs = nowMs;
    this.rejected = 0;
  }

  /** @returns undefined while there is no file */
  private async open(): Promise<OpenFile | undefined> {
    const { file } = this.options;
    const known = this.isFirst ? await this.readPosition() : undefined;
    const kind = await stat(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    const wasFirst = this.isFirst;
    this.isFirst = false;
    if (kind === undefined) return undefined;
    const isPipe = kind.isFIFO();
    if (!isPipe && !kind.isFile())
      throw new NightjarError('invalid', 'events/file', `${file} is neither a file nor a pipe`);
    // A pipe that is open for writing here too has no end when the last writer leaves.
    const flags = isPipe ? constants.O_RDWR : constants.O_RDONLY;
    const handle = await open(file, flags | constants.O_NONBLOCK);
    const { ino: inode, size } = await handle.stat();
    this.lines.clear();
    const opened = { handle, isPipe, inode, life: this.newLife(), offset: 0 };
    if (isPipe) return opened;
    if (known?.inode === inode && known.offset <= size) {
      opened.life = known.life;
      opened.offset = known.offset;
    } else if (wasFirst && known === undefined) {
      opened.offset = size;
    }
    await this.note(opened);
    return opened;
  }

  /** The file was emptied and is written anew. */
  private beginAgain(current: OpenFile): void {
    this.lines.clear();
    current.life = this.newLife();
    current.offset = 0;
  }

  private newLife(): string {
    return Math.round(this.options.clock.wallMs()).toString(36);
  }

  private async close(): Promise<void> {
    const { current } = this;
    this.current = undefined;
    await current?.handle.close();
  }

  private async note({ inode, life, offset }: OpenFile): Promise<void> {
    const { positionFile } = this.options;
    const position: Position = { inode, life, offset };
    await mkdir(path.dirname(positionFile), { recursive: true });
    await writeFile(`${positionFile}.new`, `${JSON.stringify(position)}\n`);
    await rename(`${positionFile}.new`, positionFile);
  }

  /** What cannot be read knows nothing. */
  private async readPosition(): Promise<Position | undefined> {
    try {
      const { inode, life, offset } = JSON.parse(
        await readFile(this.options.positionFile, 'utf8'),
      ) as Partial<Position>;
      return typeof inode === 'number' && typeof life === 'string' && typeof offset === 'number'
        ? { inode, life, offset }
        : undefined;
    } catch {
      return undefined;
    }
  }

  private async pause(): Promise<void> {
    if (this.stopped) return;
    let timer: Timer | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      timer = this.options.clock.setTimer(POLL_MS, resolve);
    });
    timer?.cancel();
  }
}

/** @returns 0 when nothing is there now */
async function read(handle: FileHandle, into: Buffer, position: number | null): Promise<number> {
  try {
    return (await handle.read(into, 0, into.length, position)).bytesRead;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
    throw error;
  }
}
