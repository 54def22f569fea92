import { beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_EVENT_MS } from '@nightjar/catalog';
import { ManualClock } from '@nightjar/common';
import type { StreamEvent } from './ongoing-event.js';
import { HICCUP_MS, StreamEvents } from './stream-events.js';

const NOW_MS = Date.UTC(2026, 0, 1);
const OF = { camera: 'front', stream: 'main' };

const idOf = (event: StreamEvent | undefined): string =>
  event?.type === 'event' ? event.id : 'no event';

describe('what happens to streams', () => {
  let clock: ManualClock;
  let told: StreamEvent[];
  let events: StreamEvents;
  /** What was told since the last look, without ids. */
  const news = (): object[] =>
    told.splice(0).map((event) => {
      const { type: _type, camera: _camera, stream: _stream, ...rest } = event;
      return 'id' in rest ? { ...rest, id: undefined } : rest;
    });

  beforeEach(() => {
    clock = new ManualClock(NOW_MS);
    told = [];
    events = new StreamEvents(clock);
    events.listen((event) => told.push(event));
    events.add('front', 'main');
    expect(told.splice(0)).toEqual([{ type: 'events-over', ...OF, atMs: NOW_MS }]);
  });

  it('is told from when the camera went away to when it is back, as one event', () => {
    events.offline('front', 'main', 'closed', undefined);
    clock.advance(HICCUP_MS - 1);
    expect(told).toEqual([]);
    clock.advance(1);
    const begun = { event: 'camera-offline', startMs: NOW_MS };
    const id = idOf(told[0]);
    expect(news()).toEqual([{ ...begun, label: 'closed' }]);
    events.offline('front', 'main', 'closed', undefined);
    expect(told).toEqual([]);
    events.offline('front', 'main', 'unreachable', undefined);
    expect(told).toMatchObject([{ id, label: 'unreachable' }]);
    news();
    clock.advance(5_000);
    events.online('front', 'main');
    expect(told).toMatchObject([{ id, ...begun, endMs: NOW_MS + HICCUP_MS + 5_000 }]);
    news();
    events.online('front', 'main');
    clock.advance(MAX_EVENT_MS);
    expect(told).toEqual([]);
  });

  it('is not told of a hiccup, nor of what nobody wants any more', () => {
    events.offline('front', 'main', 'stalled', undefined);
    clock.advance(HICCUP_MS - 1);
    events.online('front', 'main');
    events.offline('front', 'main', 'refused', undefined);
    events.offline('front', 'main', 'stopped', undefined);
    events.offline('front', 'main', 'stopped', undefined);
    events.offline('back', 'main', 'refused', undefined);
    clock.advance(10 * HICCUP_MS);
    expect(told).toEqual([]);
  });

  it('tells how the account stands that the camera refuses', () => {
    const retryAtMs = NOW_MS + 60_000;
    events.offline('front', 'main', 'unauthorized', { refusals: 1, retryAtMs });
    clock.advance(HICCUP_MS);
    events.offline('front', 'main', 'unauthorized', { refusals: 2, retryAtMs: undefined });
    const begun = { event: 'camera-offline', startMs: NOW_MS, label: 'unauthorized' };
    expect(news()).toEqual([
      { ...begun, data: { loginRefusals: 1, loginRetryAt: '2026-01-01T00:01:00.000Z' } },
      { ...begun, data: { loginRefusals: 2 } },
    ]);
  });

  it('is told as another event after a day, for none is longer', () => {
    events.offline('front', 'main', 'refused', undefined);
    clock.advance(HICCUP_MS);
    const [first] = told.splice(0);
    clock.advance(MAX_EVENT_MS);
    const [end, next] = told;
    expect(end).toMatchObject({ id: idOf(first), endMs: NOW_MS + MAX_EVENT_MS });
    expect(next).toMatchObject({ startMs: NOW_MS + MAX_EVENT_MS, label: 'refused' });
    expect(idOf(next)).not.toBe(idOf(first));
  });

  it('is told of what players see in place of the camera', () => {
    events.shown('front', 'main', 'slate');
    clock.advance(0);
    clock.advance(3_000);
    events.shown('front', 'main', 'camera');
    const begun = { event: 'stand-in', startMs: NOW_MS, label: 'slate' };
    expect(news()).toEqual([begun, { ...begun, endMs: NOW_MS + 3_000 }]);
    events.shown('front', 'main', 'nothing');
    expect(told).toEqual([]);
  });

  it('is over when the stream is removed, and when all is', () => {
    events.offline('front', 'main', 'refused', undefined);
    clock.advance(HICCUP_MS);
    events.remove('front', 'main');
    events.add('front', 'main');
    events.shown('front', 'main', 'fallback');
    clock.advance(1);
    news();
    events.close();
    expect(told).toMatchObject([{ event: 'stand-in', endMs: NOW_MS + HICCUP_MS + 1 }]);
    news();
    events.offline('front', 'main', 'refused', undefined);
    clock.advance(HICCUP_MS);
    expect(told).toEqual([]);
  });

  it('does not end before it began when the clock is set back', () => {
    events.offline('front', 'main', 'refused', undefined);
    clock.advance(HICCUP_MS);
    clock.stepWall(-3_600_000);
    events.online('front', 'main');
    expect(told.at(-1)).toMatchObject({ endMs: NOW_MS });
  });
});
