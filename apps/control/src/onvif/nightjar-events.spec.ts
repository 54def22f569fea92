import { beforeEach, describe, expect, it } from '@jest/globals';
import { AccessPolicy } from '@nightjar/access';
import type { CameraEvent } from '@nightjar/catalog';
import { ManualClock } from '@nightjar/common';
import { PullPoints, type OnvifEvent } from '@nightjar/onvif';
import { NightjarEvents } from './nightjar-events.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('events of Nightjar as a device', () => {
  const clock = new ManualClock();
  const policy = new AccessPolicy({
    ann: { password: 'x', role: 'admin' },
    bob: { password: 'x', role: 'viewer', cameras: ['yard'] },
  });
  let newestMs: number | undefined;
  let away: boolean;
  let events: NightjarEvents;
  let told: string[];
  const motion = (id: string, startMs: number, endMs?: number, camera = 'gate'): CameraEvent => ({
    id,
    camera,
    stream: undefined,
    type: 'motion',
    source: 'api',
    startMs,
    endMs,
  });
  const print = ({ topic, operation, source, data }: OnvifEvent): string =>
    `${operation} ${topic.path.at(-1)} ${source[0]?.value} ${data[0]?.value}`;

  beforeEach(() => {
    newestMs = undefined;
    away = false;
    told = [];
    const points = new PullPoints(clock);
    points.create({
      owner: 'ann',
      lifetimeMs: 3_600_000,
      wants: (event) => {
        told.push(print(event));
        return false;
      },
    });
    events = new NightjarEvents({
      points,
      policy,
      clock,
      cameras: () => ['gate', 'yard'],
      patienceMs: () => 60_000,
      recorded: async () => {
        if (away) throw new Error('away');
        return [{ camera: 'gate', stream: 'main', newestMs }];
      },
    });
  });

  it('tell of a motion while any goes on, though each is told again', () => {
    events.event(motion('1', 10));
    events.event(motion('2', 20));
    events.event(motion('1', 10));
    events.event(motion('1', 10, 30));
    expect(told).toEqual(['Changed MotionAlarm gate true']);
    events.event(motion('2', 20, 40));
    events.event(motion('2', 20, 40));
    expect(told.slice(1)).toEqual(['Changed MotionAlarm gate false']);
  });

  it('tell of what takes no time, and not of what ONVIF has no topic for', () => {
    events.event(motion('1', 10, 10));
    events.event({ ...motion('2', 10), type: 'parcel' });
    expect(told).toEqual(['Changed MotionAlarm gate true', 'Changed MotionAlarm gate false']);
  });

  it('begin with all states', () => {
    events.event(motion('1', 10));
    expect(events.current({ name: 'ann' }).map(print)).toEqual([
      'Initialized MotionAlarm gate true',
      'Initialized MotionAlarm yard false',
      'Initialized ImagingService gate false',
      'Initialized ImagingService yard false',
    ]);
  });

  it('tell when a stream is recorded and when no longer, also across a database that is away', async () => {
    events.start();
    await turn();
    newestMs = clock.wallMs();
    clock.advance(15_000);
    await turn();
    expect(told).toEqual(['Changed State gate.main true']);
    away = true;
    clock.advance(30_000);
    await turn();
    away = false;
    for (let looks = 0; looks < 4; looks += 1) {
      clock.advance(15_000);
      await turn();
    }
    expect(told).toEqual(['Changed State gate.main true', 'Changed State gate.main false']);
    events.stop();
  });

  it('are for who may see the camera', async () => {
    events.start();
    await turn();
    const seen = (name: string): string[] =>
      events
        .current({ name })
        .filter((event) => events.visible(event, { name }))
        .map(({ source }) => source[0]!.value);
    expect(seen('bob')).toEqual(['yard', 'yard']);
    expect(seen('ann')).toHaveLength(5);
    expect(seen('nobody')).toEqual([]);
    events.stop();
  });
});
