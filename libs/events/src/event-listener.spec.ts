import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CameraEvent, RecordingOverride } from '@nightjar/catalog';
import { ManualClock } from '@nightjar/common';
import { ASK_INTERVAL_MS, EventListener, type EventSubscription } from './event-listener.js';

const turns = async (): Promise<void> => {
  for (let n = 0; n < 20; n += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** A database in memory that can be taken away. */
class TestDatabase {
  there = true;
  readonly rows: { change: number; event: CameraEvent }[] = [];
  said: RecordingOverride[] = [];
  opened = 0;
  closed = 0;
  private link: { notified(): void; ended(reason: string): void } | undefined;

  readonly subscribe = async (
    handlers: NonNullable<TestDatabase['link']>,
  ): Promise<EventSubscription> => {
    if (!this.there) throw new Error('refused');
    this.opened += 1;
    this.link = handlers;
    const answer = async <T>(value: () => T): Promise<T> => {
      if (!this.there) throw new Error('gone');
      return value();
    };
    return {
      newestChange: () => answer(() => this.rows.at(-1)?.change ?? 0),
      eventsSince: (sinceMs) =>
        answer(() =>
          this.rows.map(({ event }) => event).filter(({ startMs }) => startMs >= sinceMs),
        ),
      eventsAfter: (change, limit) =>
        answer(() => this.rows.filter((row) => row.change > change).slice(0, limit)),
      overrides: () => answer(() => this.said),
      close: async () => {
        this.closed += 1;
        this.link = undefined;
      },
    };
  };

  publish(id: string, startMs = 0, quietly = false): void {
    const event: CameraEvent = {
      id,
      camera: 'front',
      stream: undefined,
      type: 'motion',
      source: 'api',
      startMs,
      endMs: undefined,
    };
    this.rows.push({ change: (this.rows.at(-1)?.change ?? 0) + 1, event });
    if (!quietly) this.link?.notified();
  }

  say(...said: RecordingOverride[]): void {
    this.said = said;
    this.link?.notified();
  }

  stop(): void {
    this.there = false;
    this.link?.ended('terminated');
  }
}

describe('EventListener', () => {
  let clock: ManualClock;
  let database: TestDatabase;
  let listener: EventListener;
  let told: string[];
  let complaints: number;

  beforeEach(() => {
    clock = new ManualClock(1_000_000);
    database = new TestDatabase();
    told = [];
    complaints = 0;
    listener = new EventListener({
      subscribe: database.subscribe,
      audience: {
        event: ({ id }) => told.push(id),
        overrides: (said) => told.push(`said ${said.length}`),
        heard: (heard) => told.push(heard ? 'heard' : 'unheard'),
      },
      lookBackMs: 1_000,
      clock,
      log: { info: () => undefined, warn: () => (complaints += 1) },
    });
  });
  afterEach(() => listener.stop());

  it('tells what is there, then that it hears, then what comes', async () => {
    database.publish('old', 0);
    database.publish('recent', 999_500);
    listener.start();
    await turns();
    expect(told).toEqual(['recent', 'said 0', 'heard']);
    database.publish('a');
    database.publish('b');
    await turns();
    expect(told.slice(3)).toEqual(['a', 'b']);
    database.say({} as RecordingOverride);
    await turns();
    expect(told.slice(5)).toEqual(['said 1']);
  });

  it('asks by itself when no notice comes', async () => {
    listener.start();
    await turns();
    database.publish('a', 0, true);
    await turns();
    expect(told).not.toContain('a');
    clock.advance(ASK_INTERVAL_MS);
    await turns();
    expect(told).toContain('a');
  });

  it('says at once that it hears nothing, and catches up before it says that it hears again', async () => {
    listener.start();
    await turns();
    database.publish('a');
    await turns();
    database.stop();
    await turns();
    expect(told).toEqual(['said 0', 'heard', 'a', 'unheard']);
    for (let n = 0; n < 1_200; n += 1) database.publish(`missed ${n}`);
    database.say({} as RecordingOverride);
    for (let n = 0; n < 5; n += 1) {
      clock.advance(10_000);
      await turns();
    }
    expect(complaints).toBe(2);
    database.there = true;
    clock.advance(10_000);
    await turns();
    expect(told[4]).toBe('said 1');
    expect(told.slice(5, -1)).toEqual(Array.from({ length: 1_200 }, (_, n) => `missed ${n}`));
    expect(told.at(-1)).toBe('heard');
    expect(database.opened).toBe(2);
  });

  it('notices a database that does not answer any more', async () => {
    listener.start();
    await turns();
    database.there = false;
    clock.advance(ASK_INTERVAL_MS);
    await turns();
    expect(told.at(-1)).toBe('unheard');
    expect(database.closed).toBe(1);
  });

  it('begins anew with a database that was restored from an older state', async () => {
    for (const id of ['a', 'b', 'c']) database.publish(id, 999_900);
    listener.start();
    await turns();
    database.stop();
    await turns();
    database.rows.length = 1;
    database.there = true;
    clock.advance(10_000);
    await turns();
    database.publish('d', 1_000_000);
    await turns();
    expect(told.slice(told.indexOf('unheard'))).toEqual(['unheard', 'heard', 'd']);
    expect(told).toContain('d');
  });

  it('does not say that it hears nothing because it is told to stop', async () => {
    listener.start();
    await turns();
    await listener.stop();
    expect(told).toEqual(['said 0', 'heard']);
    expect(database.closed).toBe(1);
  });

  it('stops while it waits, while it listens, and before it begins', async () => {
    database.there = false;
    listener.start();
    await turns();
    await listener.stop();
    expect(database.opened).toBe(0);
    clock.advance(60_000);
    await turns();
    expect(database.opened).toBe(0);
  });
});
