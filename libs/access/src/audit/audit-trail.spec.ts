import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { AuditTrail, type AuditNote } from './audit-trail.js';

describe('what is written down of decisions', () => {
  let clock: ManualClock;
  let kept: AuditNote[];
  let dropped: number;
  let trail: AuditTrail;
  beforeEach(() => {
    clock = new ManualClock();
    kept = [];
    dropped = 0;
    trail = new AuditTrail({ clock, dropped: () => (dropped += 1) });
    trail.listen((note) => kept.push(note));
  });

  it('says who, from where, what and when, each under an id of its own', () => {
    const subject = {
      principal: 'ann',
      address: '192.0.2.1',
      protocol: 'rtsp',
      camera: 'front',
    } as const;
    trail.note('publish', subject);
    trail.note('publish', subject);
    const atMs = Math.floor(clock.wallMs());
    expect(kept).toEqual([
      { id: expect.any(String), atMs, kind: 'publish', ...subject },
      { id: expect.any(String), atMs, kind: 'publish', ...subject },
    ]);
    expect(kept[0]!.id).not.toBe(kept[1]!.id);
  });

  it('counts the pieces of one playback as one, for a minute', () => {
    const ask = (principal: string, camera = 'front'): void =>
      trail.note('playback', { principal, camera });
    ask('ann');
    ask('ann');
    ask('bob');
    ask('ann', 'yard');
    clock.advance(59_999);
    ask('ann');
    expect(kept.length).toBe(3);
    clock.advance(1);
    ask('ann');
    expect(kept.length).toBe(4);
    expect(dropped).toBe(0);
  });

  it('drops what is too much, and counts that', () => {
    for (let i = 0; i < 600; i++) trail.note('login-failed', { address: '192.0.2.1' });
    expect([kept.length, dropped]).toEqual([500, 100]);
    clock.advance(1_000);
    for (let i = 0; i < 30; i++) trail.note('login-failed', { address: '192.0.2.1' });
    expect([kept.length, dropped]).toEqual([520, 110]);
  });

  it('remembers a bounded number of who was denied', () => {
    for (let i = 0; i < 10_000; i++) {
      trail.note('denied', { address: String(i) });
      clock.advance(50);
    }
    trail.note('denied', { address: '9999' });
    expect([kept.length, dropped]).toEqual([10_000, 0]);
  });
});
