import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import type { RecordConfig, ScheduleConfig } from '@nightjar/config';
import fc from 'fast-check';
import type { Demand } from './demand.js';
import { LOOK_AGAIN_MS, RecordingDemands } from './recording-demands.js';
import { WARM_UP_MS } from './stream-demand.js';
import { aCamera, anEvent, anOverride, aRecord, EVENT_RULE } from './testing/made.js';

const S = 1_000;
const MINUTE = 60 * S;
const HOUR = 60 * MINUTE;
/** Midnight, UTC, a Thursday. */
const T0 = Date.UTC(2026, 0, 1);
const DAYTIME: ScheduleConfig = {
  timeZone: 'UTC',
  weekly: [{ days: [1, 2, 3, 4, 5, 6, 7], fromMinutes: 8 * 60, toMinutes: 18 * 60 }],
  exceptions: [],
};

let clock: ManualClock;
let demands: RecordingDemands;
let told: string[];
const show = (demand: Demand | undefined): string =>
  demand === undefined ? 'none' : `${demand.wanted ? '+' : '-'}${demand.because}`;
const of = (stream = 'main'): Demand | undefined => demands.of('front', stream);
const now = (stream = 'main'): string => show(of(stream));
const sinceMs = (): number | undefined => {
  const demand = of();
  return demand?.wanted ? demand.sinceMs - T0 : undefined;
};

beforeEach(() => {
  clock = new ManualClock(T0);
  demands = new RecordingDemands(clock);
  told = [];
  demands.onChange((camera, stream) => told.push(`${camera}/${stream} ${now(stream)}`));
});

describe('demand from the configuration alone', () => {
  it('follows the mode of each declared stream', () => {
    demands.apply(aCamera(aRecord('continuous'), aRecord('off', { stream: 'sub' })), {});
    expect([now(), now('sub'), now('third')]).toEqual(['+continuous', '-off', 'none']);
    expect(of('sub')).toMatchObject({ preRoll: undefined });
    expect(sinceMs()).toBe(0);
    demands.apply(aCamera(aRecord('off')), {});
    expect(told).toEqual([
      'front/main +continuous',
      'front/sub -off',
      'front/main -off',
      'front/sub none',
    ]);
    demands.apply({}, {});
    expect([now(), told.at(-1)]).toEqual(['none', 'front/main none']);
  });

  it('follows a schedule to the millisecond, with the camera connected shortly before', () => {
    demands.apply(aCamera(aRecord('schedule', { schedule: 'day' })), { day: DAYTIME });
    expect(of()).toEqual({ wanted: false, because: 'schedule', preRoll: undefined });
    clock.advance(8 * HOUR - WARM_UP_MS);
    expect(of()).toMatchObject({
      wanted: false,
      because: 'schedule',
      preRoll: { durationMs: 2_000 },
    });
    clock.advance(WARM_UP_MS - 1);
    expect(now()).toBe('-schedule');
    clock.advance(1);
    expect([now(), sinceMs()]).toEqual(['+schedule', 8 * HOUR]);
    clock.advance(10 * HOUR);
    expect(of()).toEqual({ wanted: false, because: 'schedule', preRoll: undefined });
    expect(told).toHaveLength(4);
  });

  it('has no room for what is wanted while the disks are full, and for nothing else', () => {
    const noRoom = anOverride('no-room');
    demands.apply(aCamera(aRecord('continuous'), aRecord('off', { stream: 'sub' })), {});
    demands.overrides([noRoom]);
    expect([now(), now('sub')]).toEqual(['-disk-full', '-off']);
    demands.apply(aCamera(aRecord('schedule', { schedule: 'day' })), { day: DAYTIME });
    expect(now()).toBe('-schedule');
    clock.advance(8 * HOUR);
    expect(now()).toBe('-disk-full');
    demands.overrides([]);
    expect([now(), sinceMs()]).toEqual(['+schedule', 8 * HOUR]);
  });

  it('takes another schedule at once', () => {
    const cameras = aCamera(aRecord('schedule', { schedule: 'day' }));
    demands.apply(cameras, { day: DAYTIME });
    clock.advance(HOUR);
    demands.apply(cameras, { day: { ...DAYTIME, timeZone: 'Asia/Tokyo' } });
    expect([now(), sinceMs()]).toEqual(['+schedule', HOUR]);
  });

  it('notices a wall clock that was set', () => {
    demands.apply(aCamera(aRecord('schedule', { schedule: 'day' })), { day: DAYTIME });
    clock.stepWall(12 * HOUR);
    clock.advance(LOOK_AGAIN_MS);
    expect(now()).toBe('+schedule');
  });

  it('records all of mode event, as long as nothing is known of events', () => {
    demands.apply(
      aCamera(
        aRecord('event'),
        aRecord('event', { stream: 'sub', event: { ...EVENT_RULE, whenUnheard: 'wait' } }),
      ),
      {},
    );
    expect([now(), now('sub')]).toEqual(['+unheard', '-no-event']);
  });
});

describe('demand by events', () => {
  beforeEach(() => {
    demands.apply(aCamera(aRecord('event')), {});
    demands.heard(true);
    clock.advance(HOUR);
  });
  const event = (id: string, fromS: number, toS?: number): void =>
    demands.event(
      anEvent(id, T0 + HOUR + fromS * S, toS === undefined ? undefined : T0 + HOUR + toS * S),
    );

  it('keeps pictures for the time before an event', () => {
    expect(of()).toEqual({
      wanted: false,
      because: 'no-event',
      preRoll: { durationMs: 5 * S, maxBytes: 2 ** 25 },
    });
  });

  it('reaches from the pre-roll to the post-roll', () => {
    event('a', 0);
    expect([now(), sinceMs()]).toEqual(['+event', HOUR - 5 * S]);
    clock.advance(20 * S);
    event('a', 0, 20);
    clock.advance(15 * S - 1);
    expect(now()).toBe('+event');
    clock.advance(1);
    expect(now()).toBe('-no-event');
  });

  it('goes on without a seam when the next event begins before the post-roll is over', () => {
    event('a', 0, 0);
    clock.advance(14 * S);
    event('b', 14, 14);
    clock.advance(14 * S);
    expect([now(), sinceMs()]).toEqual(['+event', HOUR - 5 * S]);
    clock.advance(1 * S);
    expect(now()).toBe('-no-event');
  });

  it('ends an event that nobody ends', () => {
    event('a', 0);
    clock.advance(10 * MINUTE + 15 * S - 1);
    expect(now()).toBe('+event');
    clock.advance(1);
    expect(now()).toBe('-no-event');
    event('a', 0, 3_600);
    expect(now()).toBe('-no-event');
  });

  it('is not moved by an event of yesterday, of another camera or told twice', () => {
    event('old', -7_200, -7_100);
    demands.event(anEvent('x', T0 + HOUR, undefined, { camera: 'back' }));
    expect(now()).toBe('-no-event');
    event('a', 0, 0);
    event('a', 0, 0);
    expect(told.filter((line) => line.endsWith('+event'))).toHaveLength(1);
  });

  it('records all while events cannot be heard, from a pre-roll before', () => {
    demands.heard(false);
    expect([now(), sinceMs()]).toEqual(['+unheard', HOUR - 5 * S]);
    clock.advance(MINUTE);
    demands.heard(false);
    expect(sinceMs()).toBe(HOUR - 5 * S);
    demands.heard(true);
    expect(now()).toBe('-no-event');
  });

  it('knows of events that go on when a stream is declared', () => {
    event('a', 0);
    const cameras = aCamera(aRecord('event'), aRecord('event', { stream: 'sub' }));
    demands.apply(cameras, {});
    expect(now('sub')).toBe('+event');
    const long = { ...EVENT_RULE, preRollMs: MINUTE };
    demands.apply(aCamera(aRecord('event', { event: long })), {});
    expect(now()).toBe('+event');
  });

  it('takes events within a schedule only, and nothing from before it begins', () => {
    demands.apply(aCamera(aRecord('event', { schedule: 'day' })), { day: DAYTIME });
    demands.heard(true);
    event('a', 0, 0);
    expect(now()).toBe('-schedule');
    clock.advance(7 * HOUR + S);
    demands.event(anEvent('b', T0 + 8 * HOUR + S));
    expect([now(), sinceMs()]).toEqual(['+event', 8 * HOUR]);
    demands.heard(false);
    expect(now()).toBe('+event');
    clock.advance(10 * HOUR);
    expect(now()).toBe('-schedule');
  });
});

describe('what somebody said', () => {
  it('goes before the mode, until its end', () => {
    demands.apply(aCamera(aRecord('continuous'), aRecord('off', { stream: 'sub' })), {});
    demands.overrides([
      anOverride('stop', { stream: 'main', untilMs: T0 + MINUTE }),
      anOverride('record', { stream: 'sub' }),
    ]);
    expect([now(), now('sub')]).toEqual(['-manual', '+manual']);
    expect(of()).toMatchObject({ preRoll: undefined });
    clock.advance(MINUTE);
    expect([now(), sinceMs()]).toEqual(['+continuous', MINUTE]);
    demands.overrides([]);
    expect(now('sub')).toBe('-off');
  });

  it('goes for one stream before the whole camera, but privacy covers all', () => {
    demands.apply(aCamera(aRecord('off'), aRecord('off', { stream: 'sub' })), {});
    const said = [anOverride('record'), anOverride('stop', { stream: 'sub' })];
    demands.overrides(said);
    expect([now(), now('sub')]).toEqual(['+manual', '-manual']);
    demands.overrides([...said, anOverride('privacy', { untilMs: T0 + MINUTE })]);
    expect([now(), now('sub')]).toEqual(['-privacy', '-privacy']);
    clock.advance(MINUTE);
    expect([now(), now('sub')]).toEqual(['+manual', '-manual']);
    demands.overrides([anOverride('record'), anOverride('privacy', { stream: 'main' })]);
    expect([now(), now('sub')]).toEqual(['-privacy', '+manual']);
  });

  it('is of its camera alone', () => {
    demands.apply(aCamera(aRecord('continuous')), {});
    demands.overrides([anOverride('privacy', { camera: 'back' })]);
    expect(now()).toBe('+continuous');
  });

  it('keeps what was private private: no event reaches back into it', () => {
    demands.apply(aCamera(aRecord('event')), {});
    demands.heard(true);
    demands.overrides([anOverride('privacy', { untilMs: T0 + MINUTE })]);
    expect(of()).toEqual({ wanted: false, because: 'privacy', preRoll: undefined });
    clock.advance(MINUTE + S);
    demands.event(anEvent('a', T0 + MINUTE + S));
    expect([now(), sinceMs()]).toEqual(['+event', MINUTE]);
  });

  it('keeps it so when somebody ends it by hand during an event', () => {
    demands.apply(aCamera(aRecord('event')), {});
    demands.heard(true);
    demands.overrides([anOverride('privacy')]);
    clock.advance(10 * S);
    demands.event(anEvent('a', T0 + 10 * S));
    clock.advance(10 * S);
    demands.overrides([]);
    expect([now(), sinceMs()]).toEqual(['+event', 20 * S]);
  });

  it('counts before the configuration is known: privacy holds from the first moment', () => {
    demands.overrides([anOverride('privacy')]);
    demands.apply(aCamera(aRecord('continuous')), {});
    expect(told).toEqual(['front/main -privacy']);
  });
});

it('keeps the begin of what is wanted without a break, whoever wants it', () => {
  demands.apply(aCamera(aRecord('event')), {});
  demands.heard(true);
  clock.advance(HOUR);
  demands.event(anEvent('a', T0 + HOUR, T0 + HOUR));
  clock.advance(10 * S);
  demands.overrides([anOverride('record')]);
  expect([now(), sinceMs()]).toEqual(['+manual', HOUR - 5 * S]);
});

it('changes nothing any more after it was stopped', () => {
  demands.apply(aCamera(aRecord('schedule', { schedule: 'day' })), { day: DAYTIME });
  demands.stop();
  const before = told.length;
  clock.advance(9 * HOUR);
  demands.overrides([anOverride('record')]);
  expect(told).toHaveLength(before);
});

describe('whatever happens', () => {
  const step = fc.oneof(
    fc.integer({ min: 1, max: 20 * 60 }).map((seconds) => ({ kind: 'wait' as const, seconds })),
    fc.record({
      kind: fc.constant('event' as const),
      id: fc.constantFrom('a', 'b', 'c'),
      ago: fc.integer({ min: 0, max: 60 }),
      lasted: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
    }),
    fc.boolean().map((heard) => ({ kind: 'heard' as const, heard })),
    fc
      .array(
        fc.record({
          action: fc.constantFrom('record' as const, 'stop' as const, 'privacy' as const),
          stream: fc.constantFrom(undefined, 'main', 'sub'),
          seconds: fc.option(fc.integer({ min: 1, max: 900 }), { nil: undefined }),
        }),
        { maxLength: 3 },
      )
      .map((said) => ({ kind: 'said' as const, said })),
  );
  const mode = fc.constantFrom<RecordConfig['mode']>('continuous', 'schedule', 'event', 'off');

  it('tells of every change, and comes to the same as one who has just heard of everything', () => {
    fc.assert(
      fc.property(
        mode,
        fc.boolean(),
        fc.array(step, { maxLength: 25 }),
        (recordMode, bound, steps) => {
          const hands = new ManualClock(T0 + 7 * HOUR);
          const subject = new RecordingDemands(hands);
          let last = 'none';
          subject.onChange(() => (last = show(subject.of('front', 'main'))));
          const schedules = { day: DAYTIME };
          const limit = bound || recordMode === 'schedule' ? { schedule: 'day' } : {};
          const cameras = aCamera(aRecord(recordMode, limit));
          subject.apply(cameras, schedules);
          const events = new Map<string, ReturnType<typeof anEvent>>();
          let said: ReturnType<typeof anOverride>[] = [];
          let heard = false;
          let barredUntil = hands.wallMs() as number;
          for (const one of steps) {
            const nowMs = hands.wallMs();
            if (one.kind === 'wait') hands.advance(one.seconds * S);
            if (one.kind === 'event') {
              const startMs = nowMs - one.ago * S;
              const event = anEvent(
                one.id,
                startMs,
                one.lasted === undefined ? undefined : startMs + one.lasted * S,
              );
              events.set(one.id, event);
              subject.event(event);
            }
            if (one.kind === 'heard') subject.heard((heard = one.heard));
            if (one.kind === 'said') {
              said = one.said.map(({ action, stream, seconds }) =>
                anOverride(action, {
                  stream,
                  untilMs: seconds === undefined ? undefined : nowMs + seconds * S,
                }),
              );
              subject.overrides(said);
            }
            const demand = subject.of('front', 'main');
            expect(show(demand)).toBe(last);
            const fresh = new RecordingDemands(new ManualClock(hands.wallMs()));
            fresh.overrides(said);
            for (const event of events.values()) fresh.event(event);
            fresh.heard(heard);
            fresh.apply(cameras, schedules);
            expect(show(demand)).toBe(show(fresh.of('front', 'main')));
            if (demand?.wanted === true) {
              expect(demand.sinceMs).toBeLessThanOrEqual(hands.wallMs());
              expect(demand.sinceMs).toBeGreaterThanOrEqual(barredUntil);
            } else if (demand?.because !== 'no-event' && one.kind !== 'wait') {
              barredUntil = hands.wallMs();
            }
          }
        },
      ),
    );
  });
});
