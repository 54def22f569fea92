import { describe, expect, it } from '@jest/globals';
import type { ScheduleConfig } from '@nightjar/config';
import fc from 'fast-check';
import { DateTime } from 'luxon';
import { WeeklySchedule } from './weekly-schedule.js';

const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];
const HOUR_MS = 3_600_000;

const clock = (text: string): number => {
  const [hours, minutes] = text.split(':');
  return Number(hours) * 60 + Number(minutes);
};
const spanOf = (text: string): { fromMinutes: number; toMinutes: number } => {
  const [from, to] = text.split('-') as [string, string];
  return { fromMinutes: clock(from), toMinutes: clock(to) };
};
const schedule = (
  timeZone: string,
  spans: string | readonly string[],
  more: Partial<ScheduleConfig> = {},
): WeeklySchedule =>
  new WeeklySchedule({
    timeZone,
    weekly: [spans].flat().map((span) => ({ days: EVERY_DAY, ...spanOf(span) })),
    exceptions: [],
    ...more,
  });
const at = (text: string): number => Date.parse(text);

/** Every change between two instants, as `+` or `-` and UTC. */
const changes = (subject: WeeklySchedule, from: string, to: string): string[] => {
  const found: string[] = [];
  let ms: number | undefined = at(from);
  while ((ms = subject.nextChangeAfter(ms)) !== undefined && ms < at(to))
    found.push(`${subject.holdsAt(ms) ? '+' : '-'}${new Date(ms).toISOString().slice(0, 16)}`);
  return found;
};

describe('WeeklySchedule', () => {
  it.each([
    [
      'begins and ends by the local clock',
      'Europe/Berlin',
      '08:00-18:00',
      '2026-01-13',
      ['+2026-01-13T07:00', '-2026-01-13T17:00'],
    ],
    [
      'goes over midnight',
      'Europe/Berlin',
      '22:00-06:00',
      '2026-01-13',
      ['-2026-01-13T05:00', '+2026-01-13T21:00'],
    ],
    [
      'ends a day at 24:00',
      'UTC',
      '18:00-24:00',
      '2026-01-13',
      ['-2026-01-13T00:00', '+2026-01-13T18:00'],
    ],
    ['holds always from 00:00 to 24:00', 'America/New_York', '00:00-24:00', '2026-03-08', []],
    ['holds always from 08:00 to 08:00', 'Europe/Berlin', '08:00-08:00', '2026-03-29', []],
    [
      'begins at 24:00, which is the next day',
      'UTC',
      '24:00-06:00',
      '2026-01-13',
      ['+2026-01-13T00:00', '-2026-01-13T06:00'],
    ],
    [
      'begins where the clock is put forward over its start',
      'Europe/Berlin',
      '02:30-05:00',
      '2026-03-29',
      ['+2026-03-29T01:00', '-2026-03-29T03:00'],
    ],
    [
      'moves an end that is left out forward',
      'Europe/Berlin',
      '01:00-02:30',
      '2026-03-29',
      ['+2026-03-29T00:00', '-2026-03-29T01:30'],
    ],
    [
      'does not lose a span that is left out as a whole',
      'Europe/Berlin',
      '02:10-02:50',
      '2026-03-29',
      ['+2026-03-29T01:00', '-2026-03-29T01:50'],
    ],
    [
      'begins at the first and ends at the second of two equal times',
      'Europe/Berlin',
      '02:30-02:45',
      '2026-10-25',
      ['+2026-10-25T00:30', '-2026-10-25T01:45'],
    ],
    [
      'follows a change of half an hour',
      'Australia/Lord_Howe',
      '01:45-02:15',
      '2026-10-04',
      ['+2026-10-03T15:15', '-2026-10-03T15:45'],
    ],
    [
      'follows one back, too',
      'Australia/Lord_Howe',
      '01:45-01:50',
      '2026-04-05',
      ['+2026-04-04T14:45', '-2026-04-04T15:20'],
    ],
  ])('%s', (_what, zone, span, day, expected) => {
    const localDay = DateTime.fromISO(day, { zone });
    const [from, to] = [localDay.toUTC(), localDay.plus({ days: 1 }).toUTC()];
    const subject = schedule(zone, span);
    expect(changes(subject, from.minus({ milliseconds: 1 }).toISO()!, to.toISO()!)).toEqual(
      expected,
    );
  });

  it('knows no rules for a day that a zone leaves out', () => {
    // Samoa went over the date line: after Thursday, 29 December 2011, came Saturday.
    const subject = schedule('Pacific/Apia', [], {
      weekly: [{ days: [5], ...spanOf('08:00-18:00') }],
    });
    expect(changes(subject, '2011-12-28T00:00Z', '2012-01-02T00:00Z')).toEqual([]);
    expect(changes(subject, '2012-01-02T00:00Z', '2012-01-08T00:00Z')).toEqual([
      '+2012-01-05T18:00',
      '-2012-01-06T04:00',
    ]);
  });

  it('goes from the day before over a day that a zone leaves out', () => {
    const subject = schedule('Pacific/Apia', [], {
      weekly: [{ days: [4], ...spanOf('22:00-06:00') }],
    });
    expect(changes(subject, '2011-12-28T00:00Z', '2012-01-02T00:00Z')).toEqual([
      '+2011-12-30T08:00',
      '-2011-12-30T16:00',
    ]);
  });

  it('lets an exception take the place of the rules of the days on which spans begin; the last counts', () => {
    const subject = schedule('Europe/Berlin', '22:00-06:00', {
      exceptions: [
        { firstDate: '2026-12-24', lastDate: '2026-12-26', hold: [] },
        { firstDate: '2026-12-25', lastDate: '2026-12-25', hold: [spanOf('10:00-12:00')] },
      ],
    });
    expect(changes(subject, '2026-12-23T12:00Z', '2026-12-28T00:00Z')).toEqual([
      '+2026-12-23T21:00',
      '-2026-12-24T05:00',
      '+2026-12-25T09:00',
      '-2026-12-25T11:00',
      '+2026-12-27T21:00',
    ]);
  });

  it('holds never without a rule, and sees an exception when it comes near', () => {
    const subject = schedule('UTC', [], {
      exceptions: [
        { firstDate: '2026-06-01', lastDate: '2026-06-01', hold: [spanOf('00:00-24:00')] },
      ],
    });
    expect(subject.nextChangeAfter(at('2026-05-01T00:00Z'))).toBeUndefined();
    expect(subject.nextChangeAfter(at('2026-05-30T12:00Z'))).toBe(at('2026-06-01T00:00Z'));
    expect(subject.nextChangeAfter(at('2026-06-01T00:00Z'))).toBe(at('2026-06-02T00:00Z'));
  });

  it('says the whole of the time that holds around an instant', () => {
    const subject = schedule('Europe/Berlin', ['22:00-02:00', '02:00-06:00']);
    expect(subject.spanAt(at('2026-01-13T02:00Z'))).toEqual({
      startMs: at('2026-01-12T21:00Z'),
      endMs: at('2026-01-13T05:00Z'),
    });
    expect(subject.spanAt(at('2026-01-13T12:00Z'))).toBeUndefined();
  });
});

describe('WeeklySchedule, whatever the rules and the zone', () => {
  const minutes = fc.integer({ min: 0, max: 288 }).map((n) => n * 5);
  const span = fc.record({ fromMinutes: minutes, toMinutes: minutes });
  const rule = fc
    .tuple(fc.subarray(EVERY_DAY, { minLength: 1 }), span)
    .map(([days, times]) => ({ days, ...times }));
  /** Instants near changes of the clock, among them the days that were left out or came twice. */
  const moment = fc.constantFrom(
    ['Europe/Berlin', '2026-03-29T01:00Z'],
    ['Europe/Berlin', '2026-10-25T01:00Z'],
    ['America/New_York', '2026-11-01T06:00Z'],
    ['Australia/Lord_Howe', '2026-04-04T15:00Z'],
    ['Australia/Lord_Howe', '2026-10-03T15:30Z'],
    ['America/Havana', '2026-11-01T05:00Z'],
    ['Asia/Kathmandu', '2026-06-01T00:00Z'],
    ['Pacific/Apia', '2011-12-30T10:00Z'],
    ['Pacific/Kwajalein', '1993-08-21T12:00Z'],
    ['Africa/Casablanca', '2026-03-22T02:00Z'],
    ['UTC', '2026-01-01T00:00Z'],
  ) as fc.Arbitrary<[string, string]>;
  const offset = fc.integer({ min: -3 * 24 * 60, max: 3 * 24 * 60 });
  const subject = fc.record({
    moment,
    weekly: fc.array(rule, { maxLength: 4 }),
    exceptions: fc.array(
      fc.record({ day: fc.integer({ min: -3, max: 3 }), hold: fc.array(span, { maxLength: 2 }) }),
      { maxLength: 2 },
    ),
  });
  const make = ({
    moment: [timeZone, near],
    weekly,
    exceptions,
  }: {
    moment: [string, string];
    weekly: ScheduleConfig['weekly'];
    exceptions: { day: number; hold: { fromMinutes: number; toMinutes: number }[] }[];
  }) =>
    new WeeklySchedule({
      timeZone,
      weekly,
      exceptions: exceptions.map(({ day, hold }) => {
        const date = new Date(at(near) + day * 24 * HOUR_MS).toISOString().slice(0, 10);
        return { firstDate: date, lastDate: date, hold };
      }),
    });

  it('cuts time into stretches in which it holds or not: nothing changes between two changes', () => {
    fc.assert(
      fc.property(
        subject,
        offset,
        fc.array(fc.integer({ min: 0, max: 999 }), { maxLength: 6 }),
        (rules, minutesOff, shares) => {
          const weekly = make(rules);
          let ms = at(rules.moment[1]) + minutesOff * 60_000;
          for (let step = 0; step < 6; step += 1) {
            const next = weekly.nextChangeAfter(ms);
            if (next === undefined) break;
            expect(next).toBeGreaterThan(ms);
            expect(weekly.holdsAt(next)).toBe(!weekly.holdsAt(next - 1));
            for (const share of shares)
              expect(weekly.holdsAt(ms + Math.floor(((next - ms) * share) / 1_000))).toBe(
                weekly.holdsAt(ms),
              );
            ms = next;
          }
        },
      ),
    );
  });

  it('says the same in whatever order it is asked', () => {
    fc.assert(
      fc.property(subject, fc.array(offset, { minLength: 1, maxLength: 10 }), (rules, offsets) => {
        const one = make(rules);
        for (const minutesOff of offsets) {
          const ms = at(rules.moment[1]) + minutesOff * 60_000;
          const fresh = make(rules);
          expect([one.holdsAt(ms), one.nextChangeAfter(ms)]).toEqual([
            fresh.holdsAt(ms),
            fresh.nextChangeAfter(ms),
          ]);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('holds at least whenever the local clock shows a time of a rule', () => {
    fc.assert(
      fc.property(subject, offset, (rules, minutesOff) => {
        const ms = at(rules.moment[1]) + minutesOff * 60_000;
        const local = DateTime.fromMillis(ms, { zone: rules.moment[0] });
        const minute = local.hour * 60 + local.minute;
        const shows = rules.weekly.some(({ days, fromMinutes, toMinutes }) => {
          const over = toMinutes <= fromMinutes;
          return (
            days.includes(local.weekday) && fromMinutes <= minute && (over || minute < toMinutes)
          );
        });
        const weekly = make({ ...rules, exceptions: [] });
        if (shows) expect(weekly.holdsAt(ms)).toBe(true);
      }),
    );
  });

  it('is never longer than its rules and the jump of the clock', () => {
    fc.assert(
      fc.property(moment, rule, ([timeZone, near], one) => {
        const weekly = new WeeklySchedule({
          timeZone,
          weekly: [{ ...one, days: [DateTime.fromMillis(at(near), { zone: timeZone }).weekday] }],
          exceptions: [],
        });
        const begin = weekly.nextChangeAfter(at(near) - 3 * 24 * HOUR_MS);
        if (begin === undefined || !weekly.holdsAt(begin)) return;
        const end = weekly.nextChangeAfter(begin)!;
        const minutes =
          one.toMinutes > one.fromMinutes
            ? one.toMinutes - one.fromMinutes
            : one.toMinutes - one.fromMinutes + 1440;
        expect(end - begin).toBeLessThanOrEqual(minutes * 60_000 + 24 * HOUR_MS);
      }),
    );
  });
});
