import type { UnwantedReason } from '@nightjar/catalog';
import { missingReasonOf } from '@nightjar/catalog';
import type { AccountEnd, AccountRecord } from './account-record.js';
import { HeldStatements } from './held-statements.js';
import { BACKWARD_STEP_MS } from '../time/wall-clock.js';

/** What goes on is told again with a later end after this, so that a crash leaves no more than so much unexplained. */
export const RETELL_MS = 10_000;
/** Less than this between two statements is no gap: half a frame at the slowest. */
export const SLIVER_MS = 50;

/** What holds of a stream while it is not recorded. */
export type Absence = (
  | { readonly kind: 'unwanted'; readonly reason: UnwantedReason }
  | { readonly kind: 'gap'; readonly reason: string }
) & {
  /** Wall time up to which that can no longer change; left out: up to now. */
  readonly settledMs?: () => number;
};

/** Where the figures of an account go. */
export interface AccountFigures {
  recorded(seconds: number): void;
  expected(seconds: number): void;
  missing(rawReason: string, seconds: number): void;
  /** A gap is over. */
  gap(rawReason: string, durationMs: number): void;
}

export interface AccountOptions {
  readonly camera: string;
  readonly stream: string;
  /** Wall time. */
  readonly now: () => number;
  readonly write: (record: AccountRecord) => void;
  readonly figures: AccountFigures;
}

interface Span {
  readonly state: Absence;
  readonly startMs: number;
  /** Up to where the journal knows of it. */
  toldMs: number;
  /** Up to where the figures know of it. */
  countedMs: number;
}

/** One run as the account sees it. */
export interface AccountedRun {
  /** What held before; it ends where the footage of the run begins. */
  readonly before: Span | undefined;
  readonly fromMs: number;
  /** Undefined until a fragment was written. */
  startMs: number | undefined;
  /** End of what was written. */
  reachedMs: number;
  /** Undefined while it goes on. */
  endMs: number | undefined;
  /** Media that are missing inside it: counted when the footage around is on the disk, for a failure covers them too. */
  losses: readonly Loss[];
}

interface Loss {
  readonly startMs: number;
  readonly endMs: number;
  readonly reason: string;
}

/** A sum that may shrink before it is told, of which only growth is told. */
class Tally {
  private waitingMs = 0;
  constructor(private readonly tell: (seconds: number) => void) {}

  add(ms: number): void {
    this.waitingMs += ms;
    if (this.waitingMs <= 0) return;
    this.tell(this.waitingMs / 1000);
    this.waitingMs = 0;
  }
}

/**
 * The account of one stream: recorded, unwanted or missing, at every instant, with boundaries that touch. Segments tell of
 * what is recorded; of the rest the journal is told here, when it begins, while it goes on (see {@link Account.retell}), and
 * when it ends. Knows no timer: who has one calls.
 */
export class Account {
  /** What holds now; undefined while the stream is recorded, and before the account has begun. */
  private span: Span | undefined;
  /** Runs that are not on the disk as a whole. */
  private readonly underway = new Set<AccountedRun>();
  private readonly held = new HeldStatements();
  private begunMs: number | undefined;
  /** Up to where the processes before accounted, as far as this is known. */
  private beforeMs = -Infinity;
  private declared = false;
  /** From where wanted time was not counted yet; undefined while the stream is unwanted. */
  private expectedMs: number | undefined;
  private readonly recorded: Tally;
  private readonly expected: Tally;
  /** Wall time that the footage of this stream reaches, or up to where it was accounted for before this process. */
  recordedToMs = 0;
  /** Wall time that footage from a wrong future reaches: it goes out of the way when the present comes there. */
  misdatedToMs = 0;

  constructor(private readonly options: AccountOptions) {
    const { figures } = options;
    this.recorded = new Tally((seconds) => figures.recorded(seconds));
    this.expected = new Tally((seconds) => figures.expected(seconds));
  }

  /**
   * Begins the account of this process.
   * @param before how the process before ended; undefined: the stream is new; 'unknown': {@link learn} will tell
   */
  begin(atMs: number, state: Absence, before: AccountEnd | undefined | 'unknown'): void {
    this.begunMs = atMs;
    const goesOn = before !== 'unknown' && this.goesOn(before);
    if (goesOn && state.kind === 'gap') {
      // Nothing has changed yet: what ended the recording is why there is none, until there is.
      this.beforeMs = before.endMs;
      this.resume(before.endMs, downReason(before));
      return;
    }
    this.turn(state, atMs);
    if (before !== 'unknown') this.learn(before);
  }

  /** Goes on behind footage that ended so. */
  resume(startMs: number, reason: string): void {
    // Footage from a wrong future must not hold up the present.
    this.recordedToMs = startMs;
    if (startMs > this.options.now() + BACKWARD_STEP_MS) this.startOver();
    this.turn({ kind: 'gap', reason }, startMs);
  }

  /** Our time lies before footage that is there. */
  startOver(): void {
    this.misdatedToMs = Math.max(this.misdatedToMs, this.recordedToMs);
    this.recordedToMs = 0;
  }

  /** A volume tells how the process before ended; several may, and those that come late may know more. */
  learn(before: AccountEnd | undefined): void {
    const { begunMs } = this;
    if (begunMs === undefined) return;
    const { camera, stream, write } = this.options;
    if (!this.goesOn(before)) {
      if (!this.declared && this.beforeMs === -Infinity)
        write({ type: 'declared', camera, stream, atMs: begunMs });
      this.declared = true;
      return;
    }
    const known = this.beforeMs !== -Infinity;
    this.beforeMs = Math.max(this.beforeMs, before.endMs);
    this.recordedToMs = Math.max(this.recordedToMs, before.endMs);
    // What lies between the two ends is in the journal of the later one.
    if (known) return;
    // That nothing is to be recorded at all does not depend on a process that runs.
    if (before.unwanted === 'off' && this.holds('off'))
      this.tellWhole({ kind: 'unwanted', reason: 'off' }, before.endMs, begunMs);
    else this.lost(before.endMs, begunMs, downReason(before));
  }

  /** From here on this holds, and nothing is recorded. */
  turn(state: Absence, fromMs: number): void {
    const old = this.span;
    if (old?.state.kind === state.kind && old.state.reason === state.reason) {
      this.span = { ...old, state };
      return;
    }
    // What was told cannot be taken back.
    const startMs = Math.max(fromMs, old?.toldMs ?? -Infinity);
    if (old !== undefined) this.finish(old, startMs);
    this.span = { state, startMs, toldMs: startMs, countedMs: startMs };
    if (state.kind === 'gap') {
      this.expectedMs ??= startMs;
    } else if (this.expectedMs !== undefined) {
      this.expected.add(startMs - this.expectedMs);
      this.expectedMs = undefined;
    }
    this.grow(this.span);
  }

  /** While footage that is wanted is missing: there is now another reason for it. Reasons that operators are told alike are one. */
  because(reason: string): void {
    const state = this.span?.state;
    if (state === undefined) return;
    if (state.kind === 'gap' && missingReasonOf(state.reason) === missingReasonOf(reason)) return;
    this.turn({ kind: 'gap', reason }, this.options.now());
  }

  /** A run begins; what holds goes on until its first fragment is written. @param fromMs about where it begins */
  runBegins(fromMs: number): AccountedRun {
    const run: AccountedRun = {
      before: this.span,
      fromMs: Math.max(fromMs, this.span?.startMs ?? -Infinity),
      startMs: undefined,
      reachedMs: fromMs,
      endMs: undefined,
      losses: [],
    };
    this.span = undefined;
    this.underway.add(run);
    this.expectedMs ??= run.fromMs;
    return run;
  }

  /** A fragment of a run is durable. @param startMs of its segment @param endMs of the fragment */
  written(run: AccountedRun, startMs: number, endMs: number): void {
    if (run.startMs === undefined) {
      run.startMs = startMs;
      run.reachedMs = startMs;
      if (run.before !== undefined) this.finish(run.before, startMs);
      if (run.before?.state.kind !== 'gap') this.expected.add(run.fromMs - startMs);
    }
    if (endMs <= run.reachedMs) return;
    this.countLosses(run, endMs);
    this.recorded.add(endMs - run.reachedMs);
    run.reachedMs = endMs;
    this.sayHeld();
  }

  /** Nothing more of a run will be written: all of it is on the disk, or never will be. */
  settled(run: AccountedRun): void {
    this.underway.delete(run);
    this.countLosses(run, Infinity);
    this.sayHeld();
  }

  /** A run ends with its media. @param next what holds behind it; undefined: this process says no more */
  ended(run: AccountedRun, endMs: number, next: Absence | undefined): void {
    run.endMs = endMs;
    this.recordedToMs = endMs;
    if (next !== undefined) this.turn(next, endMs);
  }

  /** Nothing of a run is written behind `reachedMs`, or nothing at all of one that has no fragment. */
  failed(run: AccountedRun, reachedMs: number, reason: string): void {
    const { before } = run;
    const empty = run.startMs === undefined;
    const fromMs = empty ? run.fromMs : Math.max(reachedMs, run.reachedMs);
    this.underway.delete(run);
    run.losses = [];
    if (run.endMs === undefined) {
      if (!empty) this.recordedToMs = fromMs;
      if (empty && before?.state.kind === 'gap' && before.state.reason === reason) {
        this.span = before;
        this.grow(before);
        this.sayHeld();
        return;
      }
    }
    if (empty && before !== undefined) this.finish(before, fromMs);
    if (run.endMs === undefined) this.turn({ kind: 'gap', reason }, fromMs);
    else this.lost(fromMs, run.endMs, reason);
    this.sayHeld();
  }

  /** Media are missing between two instants inside what a run is going to write. */
  lostInside(run: AccountedRun, startMs: number, endMs: number, reason: string): void {
    if (endMs <= startMs) return;
    this.tellWhole({ kind: 'gap', reason }, startMs, endMs);
    run.losses = [...run.losses, { startMs, endMs, reason }];
  }

  private lost(startMs: number, endMs: number, reason: string): void {
    if (endMs <= startMs) return;
    this.tellWhole({ kind: 'gap', reason }, startMs, endMs);
    this.countLoss({ startMs, endMs, reason });
    if (this.begunMs !== undefined && endMs <= this.begunMs) this.expected.add(endMs - startMs);
  }

  private countLosses(run: AccountedRun, reachedMs: number): void {
    if (run.losses.length === 0) return;
    for (const loss of run.losses) {
      if (loss.endMs > reachedMs) continue;
      this.countLoss(loss);
      // What was written reaches over it.
      this.recorded.add(loss.startMs - loss.endMs);
    }
    run.losses = run.losses.filter(({ endMs }) => endMs > reachedMs);
  }

  private countLoss({ startMs, endMs, reason }: Loss): void {
    this.options.figures.gap(reason, endMs - startMs);
    this.options.figures.missing(reason, (endMs - startMs) / 1000);
  }

  /** Tells again of what goes on; call it every {@link RETELL_MS}. */
  retell(): void {
    if (this.span !== undefined) this.grow(this.span);
    this.count();
  }

  /** Brings the figures up to date. */
  count(): void {
    if (this.span !== undefined) this.countSpan(this.span, this.limit(this.span));
    const nowMs = this.options.now();
    if (this.expectedMs === undefined) return;
    this.expected.add(nowMs - this.expectedMs);
    this.expectedMs = nowMs;
  }

  /** The process ends in order. */
  close(): void {
    this.end();
  }

  /** The stream left the configuration. */
  withdraw(): void {
    const { camera, stream, now, write } = this.options;
    const atMs = Math.max(now(), this.recordedToMs);
    this.end();
    write({ type: 'withdrawn', camera, stream, atMs });
  }

  private end(): void {
    this.count();
    this.expectedMs = undefined;
    if (this.span !== undefined) this.finish(this.span, this.options.now());
    this.span = undefined;
    this.begunMs = undefined;
    this.underway.clear();
    this.sayHeld();
  }

  private goesOn(before: AccountEnd | undefined): before is AccountEnd {
    return (
      before !== undefined &&
      !before.withdrawn &&
      before.endMs <= this.options.now() + BACKWARD_STEP_MS
    );
  }

  private holds(reason: UnwantedReason): boolean {
    return this.span?.state.kind === 'unwanted' && this.span.state.reason === reason;
  }

  private limit({ state }: Span): number {
    const nowMs = this.options.now();
    return Math.min(nowMs, state.settledMs?.() ?? nowMs);
  }

  private grow(span: Span): void {
    const endMs = this.limit(span);
    if (endMs - span.startMs < SLIVER_MS || endMs <= span.toldMs) return;
    span.toldMs = endMs;
    this.tell(span.state, span.startMs, endMs, true);
  }

  private finish(span: Span, endMs: number): void {
    this.countSpan(span, endMs);
    const told = span.toldMs > span.startMs;
    if (!told && endMs - span.startMs < SLIVER_MS) return;
    const lastMs = Math.max(endMs, span.toldMs);
    this.tell(span.state, span.startMs, lastMs, false);
    if (span.state.kind === 'gap')
      this.options.figures.gap(span.state.reason, lastMs - span.startMs);
  }

  private countSpan(span: Span, endMs: number): void {
    if (span.state.kind !== 'gap' || endMs <= span.countedMs) return;
    this.options.figures.missing(span.state.reason, (endMs - span.countedMs) / 1000);
    span.countedMs = endMs;
  }

  private tellWhole(state: Absence, startMs: number, endMs: number): void {
    if (endMs > startMs) this.tell(state, startMs, endMs, false);
  }

  private tell({ kind, reason }: Absence, startMs: number, endMs: number, running: boolean): void {
    const { camera, stream } = this.options;
    const span = { camera, stream, startMs, endMs, ...(running && { running }) };
    this.held.add(
      kind === 'unwanted' ? { type: kind, reason, ...span } : { type: kind, reason, ...span },
    );
    this.sayHeld();
  }

  /** Says what lies behind no footage that a crash could still take. */
  private sayHeld(): void {
    const may = (startMs: number): boolean => {
      for (const { fromMs, startMs: begunMs, reachedMs } of this.underway) {
        // What held before a run is told with its first fragment: nothing behind it may be told earlier.
        const isBehind = begunMs === undefined ? fromMs <= startMs : fromMs < startMs;
        if (isBehind && (begunMs === undefined || reachedMs < startMs - SLIVER_MS)) return false;
      }
      return true;
    };
    for (const record of this.held.take(may)) this.options.write(record);
  }
}

function downReason({ inOrder }: AccountEnd): string {
  return inOrder ? 'process-down' : 'crash';
}
