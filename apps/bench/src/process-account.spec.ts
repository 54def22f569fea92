import { describe, expect, it } from '@jest/globals';
import { membersOf, sizeIn } from './process-account.js';

describe('account of processes', () => {
  it('finds sizes by their whole name', () => {
    expect(sizeIn('Rss:    9 kB\nPss:   12 kB\nPss_Dirty:  3 kB\n', 'Pss')).toBe(12_288);
    expect(sizeIn('Rss:  9 kB\n', 'Pss')).toBe(0);
  });

  it('knows this process', () => {
    const own = membersOf(process.pid)[0];
    expect(own?.cpuSeconds).toBeGreaterThan(0);
    expect(own?.proportionalBytes).toBeGreaterThan(1_000_000);
  });

  it('takes a process that is gone for nothing', () => {
    expect(membersOf(2 ** 30)).toEqual([
      { pid: 2 ** 30, command: '', cpuSeconds: 0, proportionalBytes: 0 },
    ]);
  });
});
