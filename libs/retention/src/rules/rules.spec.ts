import { describe, expect, it } from '@jest/globals';
import { parseConfig } from '@nightjar/config';
import { lineOf, placeOf } from './lines.js';
import { onlyRoom, rulesOf } from './rules.js';
import type { CameraRules, RetentionRules } from './rules.js';

const DAY_MS = 86_400_000;

async function rulesFor(camera: string, group = '{}', volume = ''): Promise<RetentionRules> {
  const { config } = await parseConfig(
    `
version: 1
groups: { outside: { retention: ${group} } }
volumes: { main: { path: /footage, minFreeBytes: 5GB${volume} } }
cameras: { front: { streams: { main: "rtsp://10.0.0.1/" }, group: outside, retention: ${camera} } }`,
    'nightjar.yaml',
    {},
  );
  return rulesOf(config);
}

const none: CameraRules = {
  camera: 'front',
  group: 'outside',
  maxAgeMs: undefined,
  maxBytes: undefined,
  minAgeMs: 0,
  events: undefined,
};
const reach = { preRollMs: 5_000, postRollMs: 15_000, maxLengthMs: 600_000 };

describe('the rules of a camera', () => {
  it.each<{ name: string; camera: string; group?: string; expected: Partial<CameraRules> }>([
    { name: 'none', camera: '{}', expected: {} },
    {
      name: 'its own',
      camera: '{ maxAge: 7d, minAge: 2d, maxBytes: 10GB }',
      expected: { maxAgeMs: 7 * DAY_MS, minAgeMs: 2 * DAY_MS, maxBytes: 1e10 },
    },
    {
      name: "its group's",
      camera: '{}',
      group: '{ maxAge: 30d, minAge: 3d }',
      expected: { maxAgeMs: 30 * DAY_MS, minAgeMs: 3 * DAY_MS },
    },
    {
      name: 'its own before those of its group, value by value',
      camera: '{ maxAge: 7d }',
      group: '{ maxAge: 30d, minAge: 3d }',
      expected: { maxAgeMs: 7 * DAY_MS, minAgeMs: 3 * DAY_MS },
    },
    {
      name: 'the bytes of a group are not its own',
      camera: '{}',
      group: '{ maxBytes: 1TB }',
      expected: {},
    },
    {
      name: 'events longer than the rest',
      camera: '{ maxAge: 7d, events: { maxAge: 90d, types: [motion] } }',
      expected: {
        maxAgeMs: 7 * DAY_MS,
        events: { maxAgeMs: 90 * DAY_MS, types: ['motion'], ...reach },
      },
    },
    {
      name: 'events of the group',
      camera: '{ maxAge: 7d }',
      group: '{ events: { maxAge: 90d } }',
      expected: {
        maxAgeMs: 7 * DAY_MS,
        events: { maxAgeMs: 90 * DAY_MS, types: undefined, ...reach },
      },
    },
    {
      name: "events that the camera's own maxAge outlives",
      camera: '{ maxAge: 100d }',
      group: '{ events: { maxAge: 90d } }',
      expected: { maxAgeMs: 100 * DAY_MS },
    },
  ])('$name', async ({ camera, group, expected }) => {
    expect((await rulesFor(camera, group)).cameras).toEqual([{ ...none, ...expected }]);
  });

  it('widen events by the rolls of the recorded streams, the widest of them', async () => {
    const record =
      'record: [{ stream: main, mode: event, event: { preRoll: 20s } }, { stream: sub, event: { postRoll: 1m, maxLength: 1h } }],';
    const { config } = await parseConfig(
      `
version: 1
cameras: { front: { streams: { main: "rtsp://a/", sub: "rtsp://b/" }, ${record} retention: { maxAge: 7d, events: { maxAge: 8d } } } }`,
      'nightjar.yaml',
      {},
    );
    expect(rulesOf(config).cameras[0]?.events).toMatchObject({
      preRollMs: 20_000,
      postRollMs: 60_000,
      maxLengthMs: 3_600_000,
    });
  });

  it('count the bytes of a group for all its cameras', async () => {
    expect((await rulesFor('{ maxBytes: 1GB }', '{ maxBytes: 1TB }')).groups).toEqual([
      { group: 'outside', maxBytes: 1e12 },
    ]);
  });
});

describe('the rules of a volume', () => {
  it.each([
    ['active', 5e9],
    ['read-only', 0],
    ['draining', 0],
  ])('%s asks for %d free bytes', async (state, minFreeBytes) => {
    const { config } = await parseConfig(
      `
version: 1
volumes: { main: { path: /footage, minFreeBytes: 5GB, maxBytes: 1TB, state: ${state}, minAge: 1d, maxAge: 7d, events: { maxAge: 9d } } }`,
      'nightjar.yaml',
      {},
    );
    expect(rulesOf(config).volumes).toEqual([
      {
        volume: 'main',
        state,
        minFreeBytes,
        maxBytes: 1e12,
        minAgeMs: DAY_MS,
        maxAgeMs: 7 * DAY_MS,
        eventMaxAgeMs: 9 * DAY_MS,
      },
    ]);
  });

  it('that keeps events longer than the rest have them known for every camera', async () => {
    const { config } = await parseConfig(
      `
version: 1
volumes: { main: { path: /footage, maxAge: 7d, events: { maxAge: 9d } } }
cameras: { front: { streams: { main: "rtsp://a/" } }, back: { streams: { main: "rtsp://b/" }, retention: { maxAge: 2d, events: { maxAge: 3d, types: [motion] } } } }`,
      'nightjar.yaml',
      {},
    );
    expect(rulesOf(config).cameras.map(({ events }) => events)).toEqual([
      { maxAgeMs: 3 * DAY_MS, types: ['motion'], ...reach },
      { maxAgeMs: undefined, types: undefined, ...reach },
    ]);
  });

  it('leave room as the only reason while a plan is blocked', async () => {
    const rules = onlyRoom(
      await rulesFor(
        '{ maxAge: 7d, minAge: 2d, maxBytes: 1GB }',
        '{ maxBytes: 1TB }',
        ', minAge: 1d, maxAge: 7d, events: { maxAge: 9d }',
      ),
    );
    expect(rules).toEqual({
      cameras: [{ ...none, minAgeMs: 2 * DAY_MS }],
      groups: [],
      volumes: [
        {
          volume: 'main',
          state: 'active',
          minFreeBytes: 5e9,
          maxBytes: undefined,
          minAgeMs: DAY_MS,
          maxAgeMs: undefined,
          eventMaxAgeMs: undefined,
        },
      ],
    });
  });
});

describe('how far age reaches', () => {
  const stream = { streamId: 3, cameraId: 2, camera: 'front', stream: 'main' };

  it('is nowhere for a camera that left the configuration', () => {
    expect(lineOf(stream, undefined, 1_000)).toMatchObject({
      protectedAfterMs: null,
      agedBeforeMs: null,
      eventAgedBeforeMs: null,
    });
  });

  it('on a volume counts back too, for events from where they are as old as they may be', () => {
    const rules = {
      volume: 'main',
      state: 'active' as const,
      minFreeBytes: 0,
      maxBytes: undefined,
      maxAgeMs: 100,
      minAgeMs: 10,
      eventMaxAgeMs: 400,
    };
    expect(placeOf('v', rules, 1_000)).toMatchObject({
      protectedAfterMs: 990,
      agedBeforeMs: 900,
      eventAgedBeforeMs: 600,
      details: { volumeMaxAge: { maxAgeMs: 100, eventMaxAgeMs: 400 } },
    });
    expect(placeOf('v', { ...rules, eventMaxAgeMs: undefined }, 1_000)).toMatchObject({
      eventAgedBeforeMs: 900,
      details: { volumeMaxAge: { maxAgeMs: 100 } },
    });
    const events = { maxAgeMs: undefined, types: undefined, ...reach };
    const bonus = (maxAgeMs: number | undefined): number =>
      lineOf(stream, { ...none, maxAgeMs, events }, 1_000, [rules]).eventBonusMs;
    // Not where the camera's own age ends both, and only as far as it goes where it ends one of them.
    expect([bonus(undefined), bonus(50), bonus(250)]).toEqual([300, 0, 150]);
  });

  it('counts back from now, and sets events back by what they are kept longer', () => {
    const rules = {
      ...none,
      maxAgeMs: 100,
      minAgeMs: 10,
      events: { maxAgeMs: 400, types: ['a'], ...reach },
    };
    expect(lineOf(stream, rules, 1_000)).toMatchObject({
      streamId: 3,
      cameraId: 2,
      protectedAfterMs: 990,
      agedBeforeMs: 900,
      eventAgedBeforeMs: 600,
      eventBonusMs: 300,
      eventTypes: ['a'],
      preRollMs: 5_000,
      details: { maxAge: { maxAgeMs: 100 }, eventMaxAge: { maxAgeMs: 400 } },
    });
  });
});
