import { IANAZone } from 'luxon';
import type { DaySpan, ScheduleConfig } from './model.js';
import type { ScheduleEntry } from './schema.js';

/** ISO 8601 numbers of the days. */
const DAY_NUMBERS = { mon: 1, tue: 2, wed: 3, thu: 4, fri: 5, sat: 6, sun: 7 } as const;
const WHOLE_DAY: DaySpan = { fromMinutes: 0, toMinutes: 24 * 60 };

/** A schedule as written, in numbers. */
export function toSchedule({ timeZone, weekly, exceptions }: ScheduleEntry): ScheduleConfig {
  return {
    timeZone,
    weekly: weekly.map(({ days, ...span }) => ({
      days: days.map((day) => DAY_NUMBERS[day]),
      ...toSpan(span),
    })),
    exceptions: exceptions.map(({ date, until, hold }) => ({
      firstDate: date,
      lastDate: until ?? date,
      hold: hold === 'never' ? [] : hold === 'all-day' ? [WHOLE_DAY] : hold.map(toSpan),
    })),
  };
}

/** Whether the zone is one that this installation knows. */
export function isTimeZone(name: string): boolean {
  return IANAZone.isValidZone(name);
}

function toSpan({ from, to }: { readonly from: string; readonly to: string }): DaySpan {
  return { fromMinutes: minutesOf(from), toMinutes: minutesOf(to) };
}

function minutesOf(clock: string): number {
  const [hours, minutes] = clock.split(':');
  return Number(hours) * 60 + Number(minutes);
}
