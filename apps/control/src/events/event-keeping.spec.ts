import { describe, expect, it } from '@jest/globals';
import { ManualClock, NightjarError } from '@nightjar/common';
import { EventKeeping, KEEPING_INTERVAL_MS } from './event-keeping.js';

const DAY_MS = 86_400_000;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('EventKeeping', () => {
  const clock = new ManualClock();
  const done: string[] = [];
  let failure: Error | undefined;
  let old = 12_000;
  const keeping = new EventKeeping(
    {
      endLost: async (nowMs) => {
        done.push(`lost ${clock.wallMs() - nowMs}`);
        if (failure !== undefined) throw failure;
        return 1;
      },
      forget: async (beforeMs, limit) => {
        const gone = Math.min(old, limit);
        old -= gone;
        done.push(`forget ${gone} before ${(clock.wallMs() - beforeMs) / DAY_MS} days`);
        return gone;
      },
    },
    365 * DAY_MS,
    clock,
    {
      info: () => undefined,
      error: () => done.push('error'),
    },
  );

  it('ends lost events and forgets old ones, page by page, again and again', async () => {
    keeping.start();
    clock.advance(10_000);
    await turn();
    expect(done.splice(0)).toEqual([
      'lost 0',
      'forget 5000 before 365 days',
      'forget 5000 before 365 days',
      'forget 2000 before 365 days',
    ]);
    clock.advance(KEEPING_INTERVAL_MS);
    await turn();
    expect(done.splice(0)).toEqual(['lost 0', 'forget 0 before 365 days']);
  });

  it('waits in silence for a database that is away, and tells of other errors', async () => {
    failure = new NightjarError('unavailable', 'test/away', 'away');
    clock.advance(KEEPING_INTERVAL_MS);
    await turn();
    failure = new NightjarError('internal', 'test/broken', 'broken');
    clock.advance(KEEPING_INTERVAL_MS);
    await turn();
    expect(done.splice(0)).toEqual(['lost 0', 'lost 0', 'error']);
  });

  it('stops', async () => {
    await keeping.stop();
    clock.advance(10 * KEEPING_INTERVAL_MS);
    await turn();
    expect(done).toEqual([]);
  });
});
