import { randomBytes } from 'node:crypto';
import { appendFile, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { NightjarError, type Clock, type Timer } from '@nightjar/common';
import { parseLogin, printLogin, type LoginRecord } from './login-record.js';
import { KNOWN_MS } from './login-throttle.js';

const HOUR_MS = 3_600_000;
/** How often it is looked whether others wrote something. */
const POLL_MS = 1_000;
/** Of one hour; what comes on top is known to its own process only. */
const MAX_FILE_BYTES = 1024 * 1024;
/** Lines that wait for the disk; what comes on top is known to its own process only. */
const MAX_WAITING = 1_000;
const FILE = /^logins-(\d{1,9})$/;

export interface LoginJournalOptions {
  /** Made when it is not there. All processes of an installation use the same. */
  readonly folder: string;
  readonly clock: Clock;
  /** What another process wrote, or this one in an earlier life. */
  readonly heard: (record: LoginRecord) => void;
  /** The folder cannot be used: each process counts for itself. Told once until it works again. */
  readonly failed: (error: unknown) => void;
}

/**
 * What processes tell each other of logins: one file per hour, to which all append whole lines, and which all read on.
 * No database, no lock, and a process that starts anew knows what happened before. Nobody waits for it.
 */
export class LoginJournal {
  private readonly writer = randomBytes(4).toString('hex');
  private readonly offsets = new Map<string, number>();
  private waiting: string[] = [];
  private timer: Timer | undefined;
  private stopped = false;
  private broken = false;
  private turn: Promise<void> = Promise.resolve();

  constructor(private readonly options: LoginJournalOptions) {}

  /** Reads what is there, and goes on reading. Resolves after the first look. */
  async start(): Promise<void> {
    await this.guarded(async () => {
      await mkdir(this.options.folder, { recursive: true, mode: 0o700 });
      await this.forget();
      for (const file of (await readdir(this.options.folder)).filter((name) => FILE.test(name)))
        await this.read(file);
    });
    this.pollLater();
  }

  /** Writes what waits, and stops reading. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    await this.turn;
  }

  /** Resolves when all that was begun by now is done. */
  settled(): Promise<void> {
    return this.turn;
  }

  append(record: LoginRecord): void {
    if (this.stopped || this.waiting.length >= MAX_WAITING) return;
    this.waiting.push(`${printLogin(this.writer, record)}\n`);
    if (this.waiting.length === 1) this.queue(() => this.write());
  }

  private pollLater(): void {
    if (this.stopped) return;
    this.timer = this.options.clock.setTimer(POLL_MS, () => {
      this.queue(async () => {
        const [previous, current] = [this.fileOf(-1), this.fileOf(0)];
        if (!this.offsets.has(current)) await this.forget();
        await this.read(previous);
        await this.read(current);
      });
      void this.turn.then(() => this.pollLater());
    });
  }

  private queue(work: () => Promise<void>): void {
    this.turn = this.turn.then(() => this.guarded(work));
  }

  private async guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.broken = false;
    } catch (error) {
      if (!this.broken) this.options.failed(error);
      this.broken = true;
    }
  }

  private async write(): Promise<void> {
    const text = this.waiting.join('');
    this.waiting = [];
    const file = path.join(this.options.folder, this.fileOf(0));
    const size = (await sizeOf(file)) ?? 0;
    if (size + text.length <= MAX_FILE_BYTES) await appendFile(file, text, { mode: 0o600 });
  }

  private async read(name: string): Promise<void> {
    const file = path.join(this.options.folder, name);
    const from = this.offsets.get(name) ?? 0;
    const size = await sizeOf(file);
    // Twice the bound: several processes may have found room at once.
    if (size === undefined || size <= from || size > 2 * MAX_FILE_BYTES) return;
    const handle = await open(file, 'r');
    try {
      const { buffer, bytesRead } = await handle.read(
        Buffer.alloc(size - from),
        0,
        size - from,
        from,
      );
      const whole = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
      this.offsets.set(name, from + whole);
      for (const line of buffer.toString('latin1', 0, whole).split('\n')) {
        const record = parseLogin(line);
        if (record !== undefined && record.writer !== this.writer) this.options.heard(record);
      }
    } finally {
      await handle.close();
    }
  }

  /** Removes files whose hour is so long ago that nothing follows from it. */
  private async forget(): Promise<void> {
    const oldest = this.hour - KNOWN_MS / HOUR_MS - 1;
    for (const name of await readdir(this.options.folder)) {
      if (!(Number(FILE.exec(name)?.[1] ?? Infinity) < oldest)) continue;
      this.offsets.delete(name);
      await unlink(path.join(this.options.folder, name)).catch((error: unknown) => {
        if (codeOf(error) !== 'ENOENT') throw error;
      });
    }
  }

  private fileOf(ago: number): string {
    return `logins-${this.hour + ago}`;
  }

  private get hour(): number {
    return Math.floor(this.options.clock.wallMs() / HOUR_MS);
  }
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new NightjarError(
      'unavailable',
      'access/logins-file',
      `cannot look at ${file}`,
      { file },
      error,
    );
  }
}

function codeOf(error: unknown): unknown {
  return (error as NodeJS.ErrnoException).code;
}
