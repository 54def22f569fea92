import type { RecordingOverride } from '@nightjar/catalog';
import type { RecordConfig } from '@nightjar/config';
import type { Demand, PreRoll } from './demand.js';
import { nextEdge, spanAt, type Span } from './spans.js';
import type { WeeklySchedule } from './weekly-schedule.js';

/** So long before a schedule begins to hold, the camera is connected and pictures are kept, so that it begins with one. */
export const WARM_UP_MS = 30_000;
/** What is kept of them: a keyframe to begin with is in the pictures that reach over this. */
const WARM_UP_KEPT_MS = 2_000;

/** What the demand for one stream follows from. */
export interface DemandInputs {
  readonly record: RecordConfig;
  /** undefined: at any time. */
  readonly schedule: WeeklySchedule | undefined;
  /** Of the stream and of its camera as a whole. */
  readonly overrides: readonly RecordingOverride[];
  /** Wanted because of events, as `eventWindow` gives it. */
  readonly eventWindow: readonly Span[];
  /** Wall time since which events cannot be heard; undefined: they are heard. */
  readonly unheardSinceMs: number | undefined;
}

/** What the rules say of one instant, whatever was before. */
type Verdict =
  | {
      readonly wanted: true;
      readonly because: Extract<Demand, { wanted: true }>['because'];
      /** How far back it reaches, as far as the time before was not barred. */
      readonly fromMs: number | undefined;
    }
  | (Extract<Demand, { wanted: false }> & {
      /** The time before the end of this is not to be recorded afterwards, even if an event reaches back. */
      readonly bars: boolean;
    });

/**
 * The demand for one stream as time goes by. Privacy goes before what was said by hand, that before `off`, and that before
 * the schedule and events.
 */
export class StreamDemand {
  private current: Demand | undefined;
  private next: number | undefined;
  /** Footage of before is not wanted, whatever reaches back. */
  private notBeforeMs: number;
  private barred = false;

  /** @param nowMs wall time; of before there is no footage to be had */
  constructor(nowMs: number) {
    this.notBeforeMs = nowMs;
  }

  /** As of the last {@link update}; undefined before the first. */
  get demand(): Demand | undefined {
    return this.current;
  }

  /** When it changes by itself, as of the last {@link update}; undefined: not within a week. */
  get nextChangeMs(): number | undefined {
    return this.next;
  }

  /** Looks at everything anew. @returns whether the demand is another one */
  update(nowMs: number, inputs: DemandInputs): boolean {
    const before = this.current;
    // A timer may be late: what was to begin has begun when it was due.
    const changedMs = this.next !== undefined && this.next <= nowMs ? this.next : nowMs;
    const verdict = judge(nowMs, inputs);
    this.next = nextChange(nowMs, inputs);
    this.current = this.follow(before, verdict, nowMs, changedMs);
    return !same(before, this.current);
  }

  private follow(
    before: Demand | undefined,
    verdict: Verdict,
    nowMs: number,
    changedMs: number,
  ): Demand {
    const bars = !verdict.wanted && verdict.bars;
    if (bars) this.notBeforeMs = nowMs;
    else if (this.barred) this.notBeforeMs = Math.min(changedMs, nowMs);
    this.barred = bars;
    if (!verdict.wanted)
      return { wanted: false, because: verdict.because, preRoll: verdict.preRoll };
    const from = Math.max(verdict.fromMs ?? changedMs, this.notBeforeMs);
    const sinceMs =
      before?.wanted === true ? Math.min(before.sinceMs, from) : Math.min(from, nowMs);
    return { wanted: true, because: verdict.because, sinceMs };
  }
}

function judge(nowMs: number, inputs: DemandInputs): Verdict {
  const holding = inputs.overrides.filter(
    ({ untilMs }) => untilMs === undefined || nowMs < untilMs,
  );
  if (holding.some(({ action }) => action === 'privacy')) return barred('privacy');
  const manual =
    holding.findLast(({ action, stream }) => action !== 'privacy' && stream !== undefined) ??
    holding.findLast(({ action }) => action !== 'privacy');
  if (manual?.action === 'record') return { wanted: true, because: 'manual', fromMs: undefined };
  if (manual?.action === 'stop') return barred('manual');
  const verdict = judgeByMode(nowMs, inputs);
  return verdict.wanted && manual?.action === 'no-room' ? barred('disk-full') : verdict;
}

/** What the configuration and events say. */
function judgeByMode(nowMs: number, inputs: DemandInputs): Verdict {
  const { record, schedule, eventWindow, unheardSinceMs } = inputs;
  if (record.mode === 'off') return barred('off');
  if (record.mode === 'continuous')
    return { wanted: true, because: 'continuous', fromMs: undefined };

  const preRoll: PreRoll = {
    durationMs: record.event.preRollMs,
    maxBytes: record.event.preRollBytes,
  };
  const allowed = schedule === undefined ? ALWAYS : schedule.spanAt(nowMs);
  if (allowed === undefined) {
    const begins = schedule?.nextChangeAfter(nowMs);
    return begins !== undefined && begins - nowMs <= WARM_UP_MS
      ? { ...barred('schedule'), preRoll: { ...preRoll, durationMs: WARM_UP_KEPT_MS } }
      : barred('schedule');
  }
  if (record.mode === 'schedule')
    return { wanted: true, because: 'schedule', fromMs: allowed.startMs };

  const window = spanAt(eventWindow, nowMs);
  if (window !== undefined)
    return {
      wanted: true,
      because: 'event',
      fromMs: Math.max(window.startMs, allowed.startMs),
    };
  if (unheardSinceMs !== undefined && record.event.whenUnheard === 'record')
    return {
      wanted: true,
      because: 'unheard',
      fromMs: Math.max(unheardSinceMs - record.event.preRollMs, allowed.startMs),
    };
  return { wanted: false, because: 'no-event', preRoll, bars: false };
}

const ALWAYS: Span = { startMs: -Infinity, endMs: Infinity };

function barred(
  because: Extract<Demand, { wanted: false }>['because'],
): Verdict & { wanted: false } {
  return { wanted: false, because, preRoll: undefined, bars: true };
}

/** The first instant after `nowMs` at which {@link judge} may say something else; at some of them it does not. */
function nextChange(nowMs: number, inputs: DemandInputs): number | undefined {
  const { record, schedule, overrides, eventWindow } = inputs;
  const changes = overrides.map(({ untilMs }) => untilMs);
  if (record.mode === 'schedule' || record.mode === 'event') {
    const edge = schedule?.nextChangeAfter(nowMs);
    changes.push(edge);
    if (edge !== undefined && !schedule!.holdsAt(nowMs)) changes.push(edge - WARM_UP_MS);
  }
  if (record.mode === 'event') changes.push(nextEdge(eventWindow, nowMs));
  const ahead = changes.filter((ms): ms is number => ms !== undefined && ms > nowMs);
  return ahead.length === 0 ? undefined : Math.min(...ahead);
}

function same(a: Demand | undefined, b: Demand): boolean {
  if (a === undefined || a.because !== b.because) return false;
  if (a.wanted) return b.wanted && a.sinceMs === b.sinceMs;
  return (
    !b.wanted &&
    a.preRoll?.durationMs === b.preRoll?.durationMs &&
    a.preRoll?.maxBytes === b.preRoll?.maxBytes
  );
}
