import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import type { OperationsSource } from '@nightjar/monitoring';
import { quietLog } from '../../../../libs/supervision/src/testing/scripted-process.js';
import type { Arrival } from './arrival.js';
import { LoadBook } from './load-book.js';
import type { ShardSlot } from './shard-slot.js';
import { Shards } from './shards.js';

class TestSlot {
  serving = true;
  cameras: readonly string[] = [];
  assigned = 0;
  taken = 0;

  assign(names: readonly string[]): void {
    this.cameras = names;
    this.assigned += 1;
  }

  take(): void {
    this.taken += 1;
  }
}

const silent: OperationsSource = {
  role: 'media',
  metrics: () => Promise.reject(new Error('gone')),
  ready: () => Promise.reject(new Error('gone')),
};

describe('Shards', () => {
  let slots: TestSlot[];
  let sources: OperationsSource[];
  let book: LoadBook;
  let shards: Shards;
  const arrival = {} as Arrival;

  beforeEach(() => {
    slots = [new TestSlot(), new TestSlot()];
    sources = ['0', '1'].map((value) => ({
      role: 'media',
      metrics: async () => [
        { name: 'm', help: '', type: 'gauge', aggregator: 'sum', values: [{ value, labels: {} }] },
      ],
      ready: async () => ({ ready: true, reasons: [] }),
    })) as unknown as OperationsSource[];
    book = LoadBook.open('/nonexistent', new ManualClock());
    book.report({ heavy: 1_000, light: 10 });
    shards = new Shards(
      slots.map((slot, index) => ({
        slot: slot as unknown as ShardSlot,
        source: {
          role: 'media',
          metrics: () => sources[index]!.metrics(),
          ready: () => sources[index]!.ready(),
        },
      })),
      book,
      quietLog,
    );
    shards.assign(['light', 'heavy']);
  });

  it('gives a connection to the shard of its camera', () => {
    expect(slots.map(({ cameras }) => cameras)).toEqual([['heavy'], ['light']]);
    shards.handOver(arrival, 'light');
    expect(slots.map(({ taken }) => taken)).toEqual([0, 1]);
    slots[1]!.serving = false;
    shards.handOver(arrival, 'light');
    expect(slots.map(({ taken }) => taken)).toEqual([0, 2]);
  });

  it('gives one about no camera of ours to who has least to do and serves', () => {
    shards.handOver(arrival, undefined);
    shards.handOver(arrival, 'unknown');
    expect(slots.map(({ taken }) => taken)).toEqual([0, 2]);
    slots[1]!.serving = false;
    shards.handOver(arrival, undefined);
    expect(slots.map(({ taken }) => taken)).toEqual([1, 2]);
  });

  it('tells only those whose cameras change, and forgets loads of cameras that left', () => {
    shards.assign(['heavy', 'light']);
    expect(slots.map(({ assigned }) => assigned)).toEqual([1, 1]);
    shards.assign(['light', 'new']);
    expect(slots.map(({ cameras }) => cameras)).toEqual([['new'], ['light']]);
    expect([...book.loads.keys()]).toEqual(['light']);
  });

  it('names the shard that is not ready, and why', async () => {
    expect(await shards.problems()).toEqual([]);
    sources[0] = {
      ...silent,
      ready: async () => ({ ready: false, reasons: ['volume main: full'] }),
    };
    sources[1] = silent;
    expect(await shards.problems()).toEqual([
      'shard 0: volume main: full',
      'shard 1: does not answer',
    ]);
    slots[1]!.serving = false;
    expect(await shards.problems()).toContain('shard 1: does not serve');
  });

  it('tells the series of those that answer', async () => {
    sources[0] = silent;
    expect(await shards.series()).toMatchObject([{ values: [{ labels: { shard: '1' } }] }]);
  });
});
