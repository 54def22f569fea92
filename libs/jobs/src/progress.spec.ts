import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { progressOf, ProgressReports } from './progress.js';
import type { JobProgress } from './progress.js';

function bench() {
  const clock = new ManualClock();
  const stored: JobProgress[] = [];
  const reports = new ProgressReports(
    clock,
    async (progress) => void stored.push(progress),
    () => undefined,
  );
  return { clock, stored, reports };
}

describe('ProgressReports', () => {
  it('stores the first report at once and then the newest of each half second', () => {
    const { clock, stored, reports } = bench();
    for (let n = 0; n <= 100; n += 1) reports.report(n / 100);
    expect(stored).toEqual([{ fraction: 0, note: undefined }]);
    clock.advance(500);
    expect(stored.map(({ fraction }) => fraction)).toEqual([0, 1]);
    clock.advance(5_000);
    reports.report(0.5, 'again');
    expect(stored).toHaveLength(3);
  });

  it.each([
    [-1, 0],
    [7, 1],
    [Number.NaN, 0],
  ])('takes %d for %d', (said, meant) => {
    const { stored, reports } = bench();
    reports.report(said, 'x'.repeat(1_000));
    expect(stored).toEqual([{ fraction: meant, note: 'x'.repeat(200) }]);
  });

  it('stores nothing after the end', () => {
    const { clock, stored, reports } = bench();
    reports.report(0.1);
    reports.report(0.2);
    reports.close();
    clock.advance(5_000);
    expect(stored).toHaveLength(1);
  });

  it('goes on when a report cannot be stored', async () => {
    const clock = new ManualClock();
    const failures: unknown[] = [];
    const reports = new ProgressReports(
      clock,
      () => Promise.reject(new Error('gone')),
      (error) => failures.push(error),
    );
    reports.report(0.1);
    await Promise.resolve();
    clock.advance(500);
    reports.report(0.2);
    await Promise.resolve();
    expect(failures).toHaveLength(2);
  });
});

describe('progressOf', () => {
  it.each([0, 17, null, 'half', { note: 'x' }, { fraction: '1' }])('sees none in %j', (stored) => {
    expect(progressOf(stored)).toBeUndefined();
  });

  it('reads what a report stored', () => {
    expect(progressOf({ fraction: 0.5, note: 'x' })).toEqual({ fraction: 0.5, note: 'x' });
  });
});
