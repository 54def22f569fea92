import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { CancelWatch } from './cancellation.js';

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('CancelWatch', () => {
  it('looks each second, also after a failure, and cancels once', async () => {
    const clock = new ManualClock();
    const answers: (boolean | Error)[] = [false, new Error('away'), true, true];
    let cancels = 0;
    const failures: unknown[] = [];
    const watch = new CancelWatch(
      clock,
      async () => {
        const answer = answers.shift();
        if (answer instanceof Error) throw answer;
        return answer === true;
      },
      () => (cancels += 1),
      (error) => failures.push(error),
    );
    for (let second = 0; second < 5; second += 1) {
      clock.advance(1_000);
      await settled();
    }
    watch.close();
    expect({ cancels, failures: failures.length, left: answers.length }).toEqual({
      cancels: 1,
      failures: 1,
      left: 1,
    });
  });

  it('says nothing after the end of the job', async () => {
    const clock = new ManualClock();
    let answer = (_marked: boolean): void => undefined;
    let cancels = 0;
    const watch = new CancelWatch(
      clock,
      () => new Promise((resolve) => (answer = resolve)),
      () => (cancels += 1),
      () => undefined,
    );
    clock.advance(1_000);
    watch.close();
    answer(true);
    await settled();
    clock.advance(10_000);
    expect(cancels).toBe(0);
  });
});
