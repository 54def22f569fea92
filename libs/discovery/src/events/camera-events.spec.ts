import { describe, expect, it } from '@jest/globals';
import { ManualClock, NightjarError } from '@nightjar/common';
import type { EventSubscription, OnvifClient } from '../client/onvif-client.js';
import { CameraEvents } from './camera-events.js';
import type { Notification } from './read-notifications.js';

describe('hearing a camera', () => {
  it('begins by ending what was left open, as soon as the database takes it, before anything new', async () => {
    const clock = new ManualClock();
    const said: string[] = [];
    let tries = 0;
    let pulled: () => void = () => undefined;
    const heard = new Promise<void>((resolve) => (pulled = resolve));
    let publishedAll: () => void = () => undefined;
    const published = new Promise<void>((resolve) => (publishedAll = resolve));
    const motion = {
      topic: 'VideoSource/MotionAlarm',
      operation: 'Changed',
      source: {},
      data: { State: 'true' },
    } as unknown as Notification;
    const batches = [[motion]];
    const subscription: EventSubscription = {
      pull: async (signal) => {
        const batch = batches.shift();
        if (batch !== undefined) return batch;
        pulled();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return [];
      },
      renew: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    const events = new CameraEvents({
      camera: 'yard',
      client: { subscribe: () => Promise.resolve(subscription) } as unknown as OnvifClient,
      clock,
      bus: {
        endLeft: ({ camera, source }) => {
          if (++tries === 1)
            return Promise.reject(new NightjarError('unavailable', 'catalog/away', 'away'));
          said.push(`end of ${camera} by ${source}`);
          return Promise.resolve([]);
        },
        publish: ({ state, type }) => {
          said.push(`${state} ${type}`);
          publishedAll();
          return Promise.resolve([]);
        },
      },
      log: { info: () => undefined, warn: () => undefined },
    });
    events.start();
    await heard;
    expect(said).toEqual([]);
    clock.advance(1_000);
    await published;
    expect(said).toEqual(['end of yard by onvif', 'begin motion']);
    await events.stop();
  });
});
