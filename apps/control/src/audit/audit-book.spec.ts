import { beforeEach, describe, expect, it } from '@jest/globals';
import { AuditTrail } from '@nightjar/access';
import type { AuditEntry } from '@nightjar/catalog';
import { ManualClock } from '@nightjar/common';
import { AuditBook, MAX_WAITING } from './audit-book.js';

describe('the book of an audit trail', () => {
  let clock: ManualClock;
  let trail: { note(kind: 'publish', subject: object): void };
  let stored: AuditEntry[];
  let forgotten: number[];
  let dropped: number;
  let warnings: number;
  let away: boolean;
  let book: AuditBook;
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const after = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settle();
  };

  beforeEach(() => {
    clock = new ManualClock();
    stored = [];
    forgotten = [];
    dropped = 0;
    warnings = 0;
    away = false;
    const real = new AuditTrail({ clock });
    trail = real;
    book = new AuditBook({
      trail: real,
      repository: {
        add: (entries) => {
          if (away) return Promise.reject(new Error('away'));
          stored.push(...entries);
          return Promise.resolve();
        },
        forgetBefore: (atMs) => {
          forgotten.push(clock.wallMs() - atMs);
          return Promise.resolve(0);
        },
      },
      clock,
      log: { warn: () => (warnings += 1) },
      maxAgeMs: () => 1_000,
      dropped: () => (dropped += 1),
    });
  });

  it('stores what was noted soon after, in order', async () => {
    trail.note('publish', { camera: 'a' });
    trail.note('publish', { camera: 'b' });
    expect(stored).toEqual([]);
    await after(500);
    expect(stored.map(({ camera }) => camera)).toEqual(['a', 'b']);
    trail.note('publish', { camera: 'c' });
    await after(500);
    expect(stored.length).toBe(3);
  });

  it('keeps it while the database is away, and says so once', async () => {
    away = true;
    trail.note('publish', { camera: 'a' });
    await after(500);
    trail.note('publish', { camera: 'b' });
    await after(5_000);
    expect([stored.length, warnings]).toEqual([0, 1]);
    away = false;
    await after(5_000);
    expect(stored.map(({ camera }) => camera)).toEqual(['a', 'b']);
  });

  it('keeps a bounded number, and counts what it drops', async () => {
    away = true;
    for (let i = 0; i < MAX_WAITING + 100; i++) {
      trail.note('publish', { camera: String(i) });
      clock.advance(100);
    }
    await settle();
    away = false;
    await book.stop();
    expect(stored.length).toBe(MAX_WAITING);
    expect(dropped).toBe(100);
  });

  it('forgets what is old, at the start and then each hour', async () => {
    book.start();
    await after(500);
    expect(forgotten).toEqual([1_000]);
    await after(3_600_000);
    expect(forgotten).toEqual([1_000, 1_000]);
  });

  it('stores what waits when it is stopped, and nothing afterwards', async () => {
    trail.note('publish', { camera: 'a' });
    await book.stop();
    expect(stored.length).toBe(1);
    await after(3_600_000);
    expect(forgotten.length).toBeLessThanOrEqual(1);
  });
});
