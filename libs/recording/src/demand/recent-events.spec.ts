import { describe, expect, it } from '@jest/globals';
import { anEvent } from './testing/made.js';
import { MAX_EVENTS_PER_CAMERA, RecentEvents, RELEVANT_MS } from './recent-events.js';

const NOW_MS = Date.UTC(2026, 0, 1);
const ids = (recent: RecentEvents): string[] => [...recent.of('front')].map(({ id }) => id);

describe('RecentEvents', () => {
  it('knows each event once, as it was told last', () => {
    const recent = new RecentEvents();
    recent.note(anEvent('a', NOW_MS), NOW_MS);
    recent.note(anEvent('a', NOW_MS, NOW_MS + 10), NOW_MS);
    expect([...recent.of('front')]).toEqual([anEvent('a', NOW_MS, NOW_MS + 10)]);
    expect([...recent.of('back')]).toEqual([]);
  });

  it('forgets what asks for nothing any more, and an event that turns out to be over', () => {
    const recent = new RecentEvents();
    recent.note(anEvent('old', 0, NOW_MS - RELEVANT_MS - 1), NOW_MS);
    recent.note(anEvent('open', NOW_MS - 2 * RELEVANT_MS), NOW_MS);
    expect(ids(recent)).toEqual(['open']);
    recent.note(anEvent('open', NOW_MS - 2 * RELEVANT_MS, NOW_MS - 2 * RELEVANT_MS), NOW_MS);
    recent.note(anEvent('new', NOW_MS, NOW_MS), NOW_MS);
    expect(ids(recent)).toEqual(['new']);
    expect(recent.all(NOW_MS + RELEVANT_MS)).toHaveLength(1);
    expect(recent.all(NOW_MS + RELEVANT_MS + 1)).toEqual([]);
  });

  it('has a bound for each camera: who ended first goes first, and who goes on stays', () => {
    const recent = new RecentEvents();
    recent.note(anEvent('open', NOW_MS), NOW_MS);
    for (let n = 0; n < MAX_EVENTS_PER_CAMERA; n += 1)
      recent.note(anEvent(`e${n}`, NOW_MS + n, NOW_MS + n), NOW_MS);
    recent.note(anEvent('other', NOW_MS, NOW_MS, { camera: 'back' }), NOW_MS);
    expect(ids(recent)).toHaveLength(MAX_EVENTS_PER_CAMERA);
    expect(ids(recent)).toContain('open');
    expect(ids(recent)).not.toContain('e0');
    expect(recent.all(NOW_MS)).toHaveLength(MAX_EVENTS_PER_CAMERA + 1);
  });
});
