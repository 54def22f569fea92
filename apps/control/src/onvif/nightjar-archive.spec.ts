import { describe, expect, it } from '@jest/globals';
import { AccessPolicy } from '@nightjar/access';
import type { CatalogStream, EventDetails, TimelineFootage } from '@nightjar/catalog';
import { ManualClock } from '@nightjar/common';
import { parseConfig } from '@nightjar/config';
import type { Recording } from '@nightjar/onvif';
import { NightjarArchive } from './nightjar-archive.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const { config } = await parseConfig(
  `version: 1
cameras:
  yard: { streams: { main: rtsp://cam/1, sub: rtsp://cam/2 }, record: continuous, priority: 7, retention: { maxAge: 30d } }
  gate: { streams: { main: rtsp://cam/3 } }
`,
  '/x/nightjar.yaml',
  {},
);

interface Asked {
  readonly camera: string;
  readonly startMs: number;
  readonly endMs: number;
}

describe('the archive as ONVIF knows it', () => {
  const clock = new ManualClock();
  const nowMs = clock.wallMs();
  const known: CatalogStream[] = [
    { camera: 'yard', stream: 'main', oldestMs: nowMs - 3 * DAY_MS, newestMs: nowMs - 5_000 },
    { camera: 'gone', stream: 'main', oldestMs: nowMs - 9 * DAY_MS, newestMs: nowMs - 8 * DAY_MS },
    { camera: 'yard', stream: 'sub', oldestMs: undefined, newestMs: undefined },
  ];
  /** Of yard: a stretch over midnight, one that goes on. */
  const footage = [
    { startMs: nowMs - 3 * DAY_MS, endMs: nowMs - 1.5 * DAY_MS },
    { startMs: nowMs - HOUR_MS, endMs: nowMs - 5_000 },
  ];
  const motion = {
    id: '1',
    camera: 'yard',
    type: 'motion',
    startMs: nowMs - 2.2 * DAY_MS,
    endMs: nowMs - 1.9 * DAY_MS,
  } as EventDetails;
  const windows: number[] = [];
  const archive = new NightjarArchive({
    config: () => config,
    clock,
    policy: new AccessPolicy({
      ann: { password: 'x', role: 'admin' },
      bob: { password: 'x', role: 'viewer', cameras: ['yard'] },
      eve: { password: 'x', role: 'publisher' },
    }),
    patienceMs: () => 60_000,
    facts: { of: async (places) => places.map(() => ({})), at: async () => ({}) },
    catalog: {
      timeline: {
        streams: async () => known,
        timeline: async ({ camera, startMs, endMs }: Asked) => {
          windows.push(endMs - startMs);
          const inside = footage
            .filter((one) => camera === 'yard' && one.startMs < endMs && one.endMs > startMs)
            .map((one) => ({
              startMs: Math.max(one.startMs, startMs),
              endMs: Math.min(one.endMs, endMs),
            }));
          return { recorded: inside as TimelineFootage[] };
        },
      },
      events: {
        inRange: async ({ camera, startMs, endMs }: Asked) =>
          camera === 'yard' && motion.startMs < endMs && motion.endMs! >= startMs ? [motion] : [],
      },
    } as unknown as ConstructorParameters<typeof NightjarArchive>[0]['catalog'],
  });
  const yard = async (): Promise<Recording> => (await archive.recordings({ name: 'bob' }))[0]!;
  const changes = async (startMs: number, endMs: number, backwards = false): Promise<string[]> => {
    const found: string[] = [];
    const span = { startMs, endMs };
    for await (const { event } of archive.events([await yard()], span, backwards))
      found.push(
        `${((event.atMs - nowMs) / DAY_MS).toFixed(1)} ${event.data[0]?.name} ${event.data[0]?.value}`,
      );
    return found;
  };
  const EVERYTHING = [
    '-3.0 IsRecording true',
    '-2.2 State true',
    '-1.9 State false',
    '-1.5 IsRecording false',
    '-0.0 IsRecording true',
  ];

  it('is what is recorded and what was, for who may see footage', async () => {
    const tokens = async (name: string): Promise<string[]> =>
      (await archive.recordings({ name })).map(({ token }) => token);
    expect(await tokens('ann')).toEqual(['yard.main', 'gone.main']);
    expect(await tokens('bob')).toEqual(['yard.main']);
    expect(await tokens('eve')).toEqual([]);
    expect(await yard()).toMatchObject({ growing: true, priority: 7, retentionMs: 30 * DAY_MS });
    const [, gone] = await archive.recordings({ name: 'ann' });
    expect(gone).toMatchObject({ growing: false, priority: undefined, profile: undefined });
  });

  it('tells what changed, in order and against it, looking at a day at a time', async () => {
    windows.length = 0;
    expect(await changes(nowMs - 20 * DAY_MS, nowMs)).toEqual(EVERYTHING);
    expect(Math.max(...windows)).toBeLessThan(DAY_MS + 10_000);
    // Nothing is looked for where there is no footage.
    expect(windows.length).toBeLessThanOrEqual(4);
    expect(await changes(nowMs - 20 * DAY_MS, nowMs, true)).toEqual(EVERYTHING.toReversed());
  });

  it('does not take the ends of a window for those of footage, wherever it begins', async () => {
    for (let hours = 1; hours < 24; hours += 5)
      expect(await changes(nowMs - 3 * DAY_MS - hours * HOUR_MS, nowMs)).toEqual(EVERYTHING);
    expect(await changes(nowMs - 2.5 * DAY_MS, nowMs - 2.3 * DAY_MS)).toEqual([]);
  });

  it('knows all states of a time', async () => {
    const states = async (atMs: number): Promise<string[]> =>
      (await archive.statesAt([await yard()], atMs)).map(
        ({ event }) => `${event.data[0]?.name} ${event.data[0]?.value}`,
      );
    expect(await states(nowMs - 2 * DAY_MS)).toEqual([
      'IsRecording true',
      'State true',
      'State false',
    ]);
    expect((await states(nowMs - DAY_MS))[0]).toBe('IsRecording false');
    // What is recorded now is not known yet, but that it is.
    expect((await states(nowMs))[0]).toBe('IsRecording true');
  });

  it('is replayed where RTSP is, and not by multicast', async () => {
    const call = { origin: 'http://[fd00::1]:8080' } as Parameters<typeof archive.replayUri>[2];
    expect(archive.replayUri(await yard(), 'RTSP', call)).toBe(
      'rtsp://[fd00::1]:8554/playback/yard',
    );
    const recording = await yard();
    expect(() => archive.replayUri(recording, 'RtspMulticast', call)).toThrow('multicast');
  });
});
