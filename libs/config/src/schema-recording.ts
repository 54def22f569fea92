import { z } from 'zod';
import { MINUTE_MS, HOUR_MS, DAY_MS, MIB, GIB, duration, size, text } from './schema-values.js';

/** When a stream is recorded and how long footage is kept, as it is written. */

const CLOCK_PATTERN = /^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/;
const clock = (what: string) =>
  text('hh:mm').regex(CLOCK_PATTERN, 'a time of day as 08:30; 24:00 ends a day').describe(what);
const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const span = {
  from: clock('Local time at which it begins.').prefault('00:00'),
  to: clock('Local time at which it ends; not after `from` means on the next day.').prefault(
    '24:00',
  ),
};

export const schedule = z.strictObject({
  timeZone: text('zone')
    .prefault('UTC')
    .describe('IANA name such as Europe/Berlin; its changes of daylight saving time are followed.'),
  weekly: z
    .array(
      z.strictObject({
        days: z
          .array(z.enum(DAYS))
          .min(1)
          .prefault([...DAYS])
          .describe('Days on which it begins. Absent: every day.'),
        ...span,
      }),
    )
    .prefault([])
    .describe('When it holds, week by week.'),
  exceptions: z
    .array(
      z.strictObject({
        date: z.iso
          .date()
          .meta({ title: 'date' })
          .describe('The day, as 2026-12-24, by local time.'),
        until: z.iso
          .date()
          .meta({ title: 'date' })
          .optional()
          .describe('Last day, included. Absent: one day.'),
        hold: z
          .union([z.enum(['all-day', 'never']), z.array(z.strictObject(span)).min(1)])
          .describe('What holds on these days instead of the weekly rules.'),
      }),
    )
    .prefault([])
    .describe('Days that are different; of several for one day the last counts.'),
});

const event = z.strictObject({
  types: z
    .array(text('type'))
    .min(1)
    .optional()
    .describe('Kinds of event that are recorded, such as motion. Absent: all.'),
  preRoll: duration({ min: 0, max: 5 * MINUTE_MS })
    .prefault('5s')
    .describe('What is recorded from before the event, as far as memory holds it.'),
  preRollBytes: size({ min: MIB, max: GIB })
    .prefault('32MiB')
    .describe('Memory for it, per stream; beyond it the oldest pictures are let go.'),
  postRoll: duration({ min: 0, max: HOUR_MS })
    .prefault('15s')
    .describe('What is recorded after the end of the event.'),
  maxLength: duration({ min: 1_000, max: DAY_MS })
    .prefault('10m')
    .describe('An event that nobody ends counts as ended after this.'),
  whenUnheard: z
    .enum(['record', 'wait'])
    .prefault('record')
    .describe(
      'While events cannot be heard, because the database is away: record all, or nothing.',
    ),
});

export const record = z.strictObject({
  stream: text('stream').prefault('main').describe('Stream to record.'),
  mode: z
    .enum(['continuous', 'schedule', 'event', 'off'])
    .prefault('continuous')
    .describe(
      'When to record: always, while a schedule holds, around events (within the schedule, if there is one), or not.',
    ),
  schedule: text('schedule').optional().describe('Name of one of `schedules`.'),
  event: event.prefault({}).describe('For mode `event`.'),
});

/** A number of days, months or years, as far as anybody keeps footage. */
const age = () => duration({ min: MINUTE_MS, max: 36_525 * DAY_MS });

/** Ages of a volume: bounds of what its cameras say. */
export const volumeAges = {
  maxAge: age()
    .optional()
    .describe('Footage on it older than this is deleted, whatever its cameras allow.'),
  minAge: age()
    .optional()
    .describe('Guarantee: footage on it younger than this is not deleted by any rule.'),
  events: z
    .strictObject({
      maxAge: age().describe(
        'Footage of events stays on it for this long, if it is longer than `maxAge`.',
      ),
    })
    .optional()
    .describe(
      'Footage of events: of those that its camera keeps longer, else of all. Without it `maxAge` is for them too.',
    ),
};

export const retentionPolicy = {
  maxAge: age().optional().describe('Footage older than this is deleted.'),
  maxBytes: size({ min: MIB, max: Number.MAX_SAFE_INTEGER })
    .optional()
    .describe('The oldest footage beyond this is deleted.'),
  minAge: age()
    .optional()
    .describe('Guarantee: footage younger than this is not deleted by any rule.'),
  events: z
    .strictObject({
      maxAge: age().describe(
        'Footage of events is kept for this long, if it is longer than `maxAge`.',
      ),
      types: z.array(text('type')).min(1).optional().describe('Kinds of event. Absent: all.'),
    })
    .optional()
    .describe('Footage of events.'),
};
