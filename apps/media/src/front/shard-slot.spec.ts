import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import type { Writer } from '@nightjar/recording';
import { TestChannel } from '../../../../libs/supervision/src/testing/channel-pair.js';
import {
  quietLog,
  ScriptedProcess,
} from '../../../../libs/supervision/src/testing/scripted-process.js';
import type { Travelling } from '../ipc/connection-transfer.js';
import type { ConnectionMessage } from '../ipc/messages.js';
import type { Arrival } from './arrival.js';
import type { HandoffResult } from './front-door.js';
import { MAX_WAITING, SHARD_WAIT_MS, ShardSlot } from './shard-slot.js';

const PEER = { address: '192.0.2.1', secure: false, via: 'direct' as const };

/** A connection that only remembers what became of it. */
class TestArrival {
  readonly head = Buffer.from('OPTIONS');
  readonly peer = PEER;
  refused: string | undefined;
  closedHere = false;
  readonly socket = { destroy: () => (this.closedHere = true) };

  refuse(status: string): void {
    this.refused = status;
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('ShardSlot', () => {
  let clock: ManualClock;
  let processes: { running: ScriptedProcess; channel: TestChannel }[];
  let results: HandoffResult[];
  let returned: Travelling[];
  let writers: Writer[];
  let cleared: (() => void)[];
  let slot: ShardSlot;
  const arrive = (): TestArrival => {
    const arrival = new TestArrival();
    slot.take(arrival as unknown as Arrival);
    return arrival;
  };
  const process = (): (typeof processes)[number] => processes.at(-1)!;
  const handedOver = (): ConnectionMessage[] =>
    process().channel.sent.filter(
      (message): message is ConnectionMessage =>
        (message as { type: string }).type === 'connection',
    );
  const serve = (): void => process().channel.receive({ type: 'serving' });

  beforeEach(() => {
    clock = new ManualClock();
    processes = [];
    results = [];
    returned = [];
    writers = [];
    cleared = [];
    slot = new ShardSlot({
      index: 1,
      start: () => {
        const made = { running: new ScriptedProcess(['SIGTERM']), channel: new TestChannel() };
        processes.push(made);
        return made;
      },
      stopPlan: { polite: 'SIGTERM', force: 'SIGKILL', graceMs: 1_000 },
      clock,
      log: quietLog,
      retrySeconds: 5,
      callsFor: (writer) => {
        writers.push(writer);
        return {
          openVolume: async () => ({ id: 'v', root: '/v' }),
          volumes: async () => [],
          volumeFailed: async () => undefined,
          append: async () => undefined,
          signals: async () => ({ overrides: [], events: [], heard: false }),
          accounts: async () => [],
        };
      },
      gone: () => new Promise((resolve) => cleared.push(resolve)),
      measured: () => undefined,
      returned: (connection) => returned.push(connection),
      handedOver: (result) => results.push(result),
    });
    slot.kept.start();
  });

  it('keeps connections until the process serves, and closes its copy when they are taken', () => {
    const arrival = arrive();
    expect(handedOver()).toEqual([]);
    serve();
    expect(handedOver()).toEqual([
      { type: 'connection', id: 1, head: arrival.head.toString('base64'), peer: PEER },
    ]);
    expect(arrival.closedHere).toBe(false);
    process().channel.receive({ type: 'connection-taken', id: 1 });
    expect(arrival.closedHere).toBe(true);
    expect(results).toEqual(['taken']);
  });

  it('refuses who waits too long, or is one too many', () => {
    const first = arrive();
    clock.advance(SHARD_WAIT_MS - 1);
    expect(first.refused).toBeUndefined();
    clock.advance(1);
    expect(first.refused).toMatch(/^503/);
    for (let i = 0; i < MAX_WAITING; i += 1) arrive();
    expect(arrive().refused).toMatch(/^503/);
    expect(results).toEqual(['unavailable', 'unavailable']);
  });

  it('gives a connection that a dying process did not take to the next', () => {
    serve();
    const [taken, lost] = [arrive(), arrive()];
    const { running, channel } = process();
    channel.receive({ type: 'connection-taken', id: 1 });
    running.end('signal SIGKILL');
    channel.end();
    expect([taken.closedHere, lost.closedHere, slot.serving]).toEqual([true, false, false]);
    serve();
    expect(handedOver()).toHaveLength(1);
  });

  it('gives nothing to a process whose end shows only when something is sent', async () => {
    serve();
    const { running, channel } = process();
    channel.end();
    const arrival = arrive();
    await turn();
    expect(slot.serving).toBe(false);
    running.end('signal SIGKILL');
    serve();
    expect(handedOver()).toHaveLength(1);
    expect(arrival.refused).toBeUndefined();
  });

  it('opens a volume for a process only when what the one before it left is in order', async () => {
    const first = process();
    first.running.end('signal SIGKILL');
    const question = { type: 'call', id: 1, method: 'openVolume', argument: { name: 'main' } };
    const second = process();
    second.channel.receive(question);
    await turn();
    // Its last words are still to come.
    expect([cleared.length, second.channel.sent.length]).toEqual([0, 0]);
    first.channel.end();
    await turn();
    expect([cleared.length, second.channel.sent.length]).toEqual([1, 0]);
    cleared[0]?.();
    await turn();
    expect(second.channel.sent).toEqual([
      { type: 'call-answer', id: 1, value: { id: 'v', root: '/v' } },
    ]);
    expect(new Set(writers).size).toBe(2);
  });

  it('tells the process its cameras, when asked and when they change', async () => {
    slot.assign(['a']);
    process().channel.receive({ type: 'call', id: 1, method: 'cameras', argument: null });
    await turn();
    expect(process().channel.sent).toEqual([
      { type: 'cameras', names: ['a'] },
      { type: 'call-answer', id: 1, value: ['a'] },
    ]);
  });

  it('passes on what demand follows from, and answers a process that has just started', async () => {
    slot.signals.heard(true);
    slot.signals.overrides([]);
    process().channel.receive({ type: 'call', id: 1, method: 'signals', argument: null });
    await turn();
    expect(process().channel.sent).toEqual([
      { type: 'heard', heard: true },
      { type: 'overrides', overrides: [] },
      { type: 'call-answer', id: 1, value: { overrides: [], events: [], heard: false } },
    ]);
  });

  it('takes back a connection, and says so', () => {
    const socket = {} as Travelling['socket'];
    const message = {
      type: 'connection',
      id: 9,
      head: Buffer.from('DESCRIBE').toString('base64'),
      peer: PEER,
    };
    process().channel.receive(message, socket);
    expect(returned).toEqual([{ socket, head: Buffer.from('DESCRIBE'), peer: PEER }]);
    expect(process().channel.sent).toEqual([{ type: 'connection-taken', id: 9 }]);
    // The peer has left meanwhile.
    process().channel.receive({ ...message, id: 10 });
    expect(returned).toHaveLength(1);
  });

  it('refuses who waits when it stops, and starts nothing again', async () => {
    const arrival = arrive();
    await slot.stop();
    expect(arrival.refused).toMatch(/^503/);
    clock.advance(60_000);
    expect(processes).toHaveLength(1);
  });
});
