import { beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_EVENT_MS, type EventDetails, type EventEnd } from '@nightjar/catalog';
import { ManualClock } from '@nightjar/common';
import { EventBus, type EventStore } from './event-bus.js';
import { MAX_AHEAD_MS, type EventReport } from './event-report.js';

const NOW_MS = Date.UTC(2026, 0, 1);
const FROM = { camera: 'front', source: 'api' } as const;

describe('EventBus', () => {
  let begun: (EventDetails & { supersedes: boolean })[];
  let ended: EventEnd[];
  let bus: EventBus;
  const report = (fields: Partial<EventReport>): Promise<EventDetails[]> =>
    bus.publish({ type: 'motion', state: 'pulse', ...fields }, FROM);

  beforeEach(() => {
    begun = [];
    ended = [];
    const store: EventStore = {
      begin: async (event, { supersedes }) => {
        begun.push({ ...event, supersedes });
        return event;
      },
      end: async (which) => {
        ended.push(which);
        return [];
      },
    };
    bus = new EventBus(store, new ManualClock(NOW_MS));
  });

  it('makes an event without duration of a pulse, now if no time is told', async () => {
    const [event] = await report({ label: 'cat', data: { score: 1 } });
    expect(begun).toEqual([{ ...event, supersedes: false }]);
    expect(event).toMatchObject({
      camera: 'front',
      type: 'motion',
      source: 'api',
      startMs: NOW_MS,
      endMs: NOW_MS,
      label: 'cat',
      data: { score: 1 },
    });
    expect(event?.id).toMatch(/^[0-9a-f-]{36}$/);
    await report({});
    expect(begun[1]?.id).not.toBe(begun[0]?.id);
  });

  it('lets a begin without an id take the place of what its sender left open, one with an id not', async () => {
    await report({ state: 'begin' });
    await report({ state: 'begin', id: 'person-7' });
    expect(
      begun.map(({ id, endMs, supersedes }) => [id === 'person-7', endMs, supersedes]),
    ).toEqual([
      [false, undefined, true],
      [true, undefined, false],
    ]);
    await bus.publish({ type: 'motion', state: 'begin' }, { ...FROM, ownId: 'line-4' });
    expect(begun[2]).toMatchObject({ id: 'line-4', supersedes: true });
  });

  it('ends by id, or all of the type', async () => {
    await report({ state: 'end', id: 'person-7', at: NOW_MS - 5 });
    await report({ state: 'end', stream: 'sub' });
    expect(ended).toEqual([
      { camera: 'front', id: 'person-7', type: undefined, stream: undefined, atMs: NOW_MS - 5 },
      { camera: 'front', id: undefined, type: 'motion', stream: 'sub', atMs: NOW_MS },
    ]);
  });

  it('ends what a source left open, of all types', async () => {
    await bus.endLeft({ camera: 'front', source: 'onvif' });
    const all = { id: undefined, type: undefined, stream: undefined };
    expect(ended).toEqual([{ camera: 'front', ...all, source: 'onvif', atMs: NOW_MS }]);
  });

  it('takes a clock that is a little ahead, and refuses the future', async () => {
    await expect(report({ at: NOW_MS + MAX_AHEAD_MS })).resolves.toHaveLength(1);
    await expect(report({ at: NOW_MS + MAX_AHEAD_MS + 1 })).rejects.toMatchObject({
      kind: 'invalid',
      code: 'events/future',
    });
  });

  it('leaves nothing open that began more than a day ago', async () => {
    await report({ state: 'begin', at: NOW_MS - MAX_EVENT_MS - 1 });
    expect(begun[0]?.endMs).toBe(begun[0]?.startMs);
  });
});
