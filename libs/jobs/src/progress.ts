import type { Clock, Timer } from '@nightjar/common';

/** How far a job is, as its processor said last. */
export interface JobProgress {
  /** 0 to 1. */
  readonly fraction: number;
  readonly note: string | undefined;
}

/** Between two stored reports of one job. */
const STORE_EVERY_MS = 500;
/** A note is a line for people, not a document. */
const MAX_NOTE_CHARACTERS = 200;

/** Takes reports as often as they come and stores the newest at a bounded rate. */
export class ProgressReports {
  private waiting: JobProgress | undefined;
  private timer: Timer | undefined;
  private closed = false;

  /** @param store may fail: what it throws is told to `failed`, and the job goes on */
  constructor(
    private readonly clock: Clock,
    private readonly store: (progress: JobProgress) => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  report(fraction: number, note?: string): void {
    const bounded = Number.isNaN(fraction) ? 0 : Math.min(Math.max(fraction, 0), 1);
    this.waiting = { fraction: bounded, note: note?.slice(0, MAX_NOTE_CHARACTERS) };
    if (this.timer === undefined) this.flush();
  }

  /** What was not stored yet is of no interest any more. */
  close(): void {
    this.closed = true;
    this.timer?.cancel();
  }

  private flush(): void {
    this.timer = undefined;
    const progress = this.waiting;
    if (progress === undefined || this.closed) return;
    this.waiting = undefined;
    this.store(progress).catch(this.failed);
    this.timer = this.clock.setTimer(STORE_EVERY_MS, () => this.flush());
  }
}

/** What BullMQ keeps, which is 0 until the first report. */
export function progressOf(stored: unknown): JobProgress | undefined {
  if (typeof stored !== 'object' || stored === null || !('fraction' in stored)) return undefined;
  const { fraction } = stored;
  if (typeof fraction !== 'number') return undefined;
  const note = 'note' in stored && typeof stored.note === 'string' ? stored.note : undefined;
  return { fraction, note };
}
