import type { DaySpan, ScheduleConfig } from '@nightjar/config';
import { mergeSpans, nextEdge, spanAt, type Span } from './spans.js';
import { DAY_MS, ZoneTime, type DayNumber } from './zone-time.js';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
/** A span that holds now began at most so many days ago: it may begin at 24:00, last a day, and the day may be a long one. */
const LOOK_BACK_DAYS = 3;
/** Every week is like the other; exceptions further off are seen when they come nearer. */
export const LOOK_AHEAD_DAYS = 8;
/** 1970-01-01 was a Thursday. */
const WEEKDAY_OF_DAY_0 = 4;

/**
 * When a schedule holds. The local clock rules: a time that it leaves out moves forward, and one that it shows twice begins a
 * span when it is shown first and ends one when it is shown last, so that in doubt more is recorded.
 */
export class WeeklySchedule {
  private readonly zone: ZoneTime;
  /** Spans of the days around the last question. */
  private known: { readonly days: Span; readonly spans: readonly Span[] } | undefined;

  constructor(private readonly config: ScheduleConfig) {
    this.zone = ZoneTime.of(config.timeZone);
  }

  /** @param ms Unix epoch milliseconds, as everywhere here */
  holdsAt(ms: number): boolean {
    return this.spanAt(ms) !== undefined;
  }

  /** The unbroken time in which it holds around an instant; its start is exact for the last two days, its end for the next week. */
  spanAt(ms: number): Span | undefined {
    return spanAt(this.spansAround(ms), ms);
  }

  /** When {@link holdsAt} next becomes another; undefined when it does not within the next week. */
  nextChangeAfter(ms: number): number | undefined {
    const edge = nextEdge(this.spansAround(ms), ms);
    return edge !== undefined && edge < this.horizon(ms) ? edge : undefined;
  }

  /** What begins before it is looked at in full. */
  private horizon(ms: number): number {
    return this.zone.earliest((this.zone.dayOf(ms) + LOOK_AHEAD_DAYS) * DAY_MS);
  }

  private spansAround(ms: number): readonly Span[] {
    const { known } = this;
    if (known !== undefined && known.days.startMs <= ms && ms < known.days.endMs)
      return known.spans;
    const today = this.zone.dayOf(ms);
    const spans: Span[] = [];
    for (let day = today - LOOK_BACK_DAYS; day <= today + LOOK_AHEAD_DAYS; day += 1)
      spans.push(...this.spansOf(day));
    const merged = mergeSpans(spans);
    const days = {
      startMs: this.zone.earliest(today * DAY_MS),
      endMs: this.zone.latest((today + 1) * DAY_MS),
    };
    this.known = { days, spans: merged };
    return merged;
  }

  /** The spans that begin on a day. */
  private spansOf(day: DayNumber): Span[] {
    if (!this.zone.hasDay(day)) return [];
    const date = new Date(day * DAY_MS).toISOString().slice(0, 10);
    const exception = this.config.exceptions.findLast(
      ({ firstDate, lastDate }) => firstDate <= date && date <= lastDate,
    );
    const weekday = ((((day + WEEKDAY_OF_DAY_0 - 1) % 7) + 7) % 7) + 1;
    const rules = this.config.weekly.filter(({ days }) => days.includes(weekday));
    return (exception?.hold ?? rules).map((span) => this.toSpan(day, span));
  }

  private toSpan(day: DayNumber, { fromMinutes, toMinutes }: DaySpan): Span {
    const midnight = day * DAY_MS;
    const until = toMinutes > fromMinutes ? toMinutes : toMinutes + DAY_MINUTES;
    return {
      startMs: this.zone.earliest(midnight + fromMinutes * MINUTE_MS),
      endMs: this.zone.latest(midnight + until * MINUTE_MS),
    };
  }
}
