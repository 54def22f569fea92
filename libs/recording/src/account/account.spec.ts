import { beforeEach, describe, expect, it } from '@jest/globals';
import { Account, RETELL_MS } from './account.js';
import type { AccountEnd, AccountRecord } from './account-record.js';
import { AccountEnds } from './account-ends.js';

const OF = { camera: 'front', stream: 'main' };
const START_MS = Date.UTC(2026, 10, 20, 13);
const crashed = (endMs: number, more: Partial<AccountEnd> = {}): AccountEnd => ({
  ...OF,
  endMs,
  inOrder: false,
  withdrawn: false,
  unwanted: undefined,
  ...more,
});

let nowMs: number;
let said: AccountRecord[];
let figures: { recorded: number; expected: number; missing: Record<string, number> };
let account: Account;

function make(): Account {
  figures = { recorded: 0, expected: 0, missing: {} };
  return new Account({
    ...OF,
    now: () => nowMs,
    write: (record) => said.push(record),
    figures: {
      recorded: (seconds) => (figures.recorded += seconds),
      expected: (seconds) => (figures.expected += seconds),
      missing: (reason, seconds) => {
        figures.missing[reason] = (figures.missing[reason] ?? 0) + seconds;
      },
      gap: () => undefined,
    },
  });
}

/** What was said, newest statement of each span, times after the start. */
function told(): unknown[] {
  const spans = new Map<string, unknown[]>();
  for (const record of said) {
    if ('atMs' in record) spans.set(record.type, [record.type, record.atMs - START_MS]);
    else {
      const { startMs, endMs, reason, running } = record;
      const span = [reason, startMs - START_MS, endMs - START_MS];
      spans.set(`${reason} ${startMs}`, running === true ? [...span, 'running'] : span);
    }
  }
  return [...spans.values()];
}

function pass(ms: number): void {
  for (const endMs = nowMs + ms; nowMs < endMs;) {
    nowMs = Math.min(endMs, nowMs + RETELL_MS);
    account.retell();
  }
}

beforeEach(() => {
  nowMs = START_MS;
  said = [];
  account = make();
});

describe('Account', () => {
  it('tells of what goes on every ten seconds, with the same start, and of its exact end', () => {
    account.begin(nowMs, { kind: 'unwanted', reason: 'schedule' }, undefined);
    pass(25_000);
    const spans = said.flatMap((record) => (record.type === 'unwanted' ? [record] : []));
    expect(spans.map(({ startMs, endMs }) => [startMs - START_MS, endMs - START_MS])).toEqual([
      [0, 10_000],
      [0, 20_000],
      [0, 25_000],
    ]);
    nowMs += 3_000;
    account.turn({ kind: 'gap', reason: 'camera-offline' }, nowMs);
    pass(5_000);
    expect(told()).toEqual([
      ['declared', 0],
      ['schedule', 0, 28_000],
      ['camera-offline', 28_000, 33_000, 'running'],
    ]);
  });

  it('goes on after a crash, up to the first footage', () => {
    account.begin(nowMs, { kind: 'gap', reason: 'camera-offline' }, crashed(START_MS - 7_000));
    const run = account.runBegins(nowMs + 2_000);
    nowMs += 3_000;
    account.written(run, START_MS + 2_000, START_MS + 3_000);
    expect(told()).toEqual([['crash', -7_000, 2_000]]);
    account.count();
    expect(figures).toMatchObject({ recorded: 1, expected: 10, missing: { crash: 9 } });
  });

  it('says at once why there is still nothing, when the camera says so', () => {
    account.begin(nowMs, { kind: 'gap', reason: 'camera-offline' }, crashed(START_MS - 7_000));
    nowMs += 4_000;
    account.because('unauthorized');
    nowMs += 4_000;
    // To operators this is the same.
    account.turn({ kind: 'gap', reason: 'unauthorized' }, nowMs);
    account.retell();
    expect(told()).toEqual([
      ['crash', -7_000, 4_000],
      ['unauthorized', 4_000, 8_000, 'running'],
    ]);
  });

  it('calls the time between two processes a loss only where footage may have been asked for', () => {
    const off = { kind: 'unwanted', reason: 'off' } as const;
    account.begin(nowMs, off, crashed(START_MS - 7_000, { unwanted: 'off' }));
    expect(told()).toEqual([['off', -7_000, 0]]);
    said = [];
    account = make();
    account.begin(nowMs, off, crashed(START_MS - 7_000, { inOrder: true }));
    expect(told()).toEqual([['process-down', -7_000, 0]]);
    expect(figures).toMatchObject({ expected: 7, missing: { 'process-down': 7 } });
  });

  it('hears late how the process before ended', () => {
    account.begin(nowMs, { kind: 'gap', reason: 'volume-missing' }, 'unknown');
    pass(10_000);
    account.learn(crashed(START_MS - 7_000));
    account.learn(crashed(START_MS - 5_000));
    account.learn(undefined);
    expect(told()).toEqual([
      ['volume-missing', 0, 10_000, 'running'],
      ['crash', -7_000, 0],
    ]);
  });

  it('declares what no volume knows, or knows as withdrawn', () => {
    account.begin(nowMs, { kind: 'gap', reason: 'volume-missing' }, 'unknown');
    account.learn(undefined);
    account.learn(undefined);
    expect(told()).toEqual([['declared', 0]]);
    nowMs += 6_000;
    account.withdraw();
    expect(said.at(-1)).toMatchObject({ type: 'withdrawn', atMs: nowMs });
    said = [];
    account = make();
    account.begin(
      nowMs,
      { kind: 'gap', reason: 'camera-offline' },
      crashed(nowMs - 1_000, { withdrawn: true }),
    );
    expect(told()).toEqual([['declared', 6_000]]);
  });

  it('says nothing of time behind footage that is not on the disk', () => {
    account.begin(nowMs, { kind: 'gap', reason: 'camera-offline' }, undefined);
    const run = account.runBegins(START_MS + 1_000);
    nowMs += 5_000;
    account.lostInside(run, START_MS + 3_000, START_MS + 4_000, 'packet-loss');
    account.ended(run, START_MS + 5_000, { kind: 'gap', reason: 'stalled' });
    pass(10_000);
    expect(told()).toEqual([['declared', 0]]);
    account.written(run, START_MS + 1_000, START_MS + 3_000);
    expect(told()).toEqual([
      ['declared', 0],
      ['camera-offline', 0, 1_000],
      ['packet-loss', 3_000, 4_000],
    ]);
    account.settled(run);
    expect(told().at(-1)).toEqual(['stalled', 5_000, 15_000, 'running']);
  });

  it('goes on with the reason before when a run fails for the same one', () => {
    account.begin(nowMs, { kind: 'gap', reason: 'disk-full' }, undefined);
    nowMs += 3_000;
    account.failed(account.runBegins(nowMs), 0, 'disk-full');
    nowMs += 3_000;
    account.failed(account.runBegins(nowMs - 1_000), 0, 'disk-error');
    nowMs += 1_000;
    account.retell();
    expect(told()).toEqual([
      ['declared', 0],
      ['disk-full', 0, 5_000],
      ['disk-error', 5_000, 7_000, 'running'],
    ]);
  });

  it('counts what is missing inside a run once, also when the run fails', () => {
    account.begin(nowMs, { kind: 'gap', reason: 'camera-offline' }, undefined);
    const run = account.runBegins(START_MS);
    account.written(run, START_MS, START_MS + 1_000);
    account.lostInside(run, START_MS + 2_000, START_MS + 4_000, 'packet-loss');
    expect(figures.missing).toEqual({});
    nowMs += 6_000;
    account.written(run, START_MS, START_MS + 5_000);
    account.count();
    expect(figures).toMatchObject({ recorded: 3, expected: 6, missing: { 'packet-loss': 2 } });

    account.lostInside(run, START_MS + 5_500, START_MS + 5_900, 'packet-loss');
    account.failed(run, START_MS + 5_000, 'disk-full');
    account.count();
    expect(figures).toMatchObject({
      recorded: 3,
      expected: 6,
      missing: { 'packet-loss': 2, 'disk-full': 1 },
    });
  });

  it('tells what a run loses that had ended when its disk failed', () => {
    account.begin(nowMs, { kind: 'gap', reason: 'camera-offline' }, undefined);
    const run = account.runBegins(START_MS);
    account.written(run, START_MS, START_MS + 1_000);
    nowMs += 4_000;
    account.ended(run, START_MS + 4_000, { kind: 'unwanted', reason: 'schedule' });
    account.failed(run, START_MS + 1_000, 'disk-full');
    pass(2_000);
    expect(told()).toEqual([
      ['declared', 0],
      ['disk-full', 1_000, 4_000],
      ['schedule', 4_000, 6_000, 'running'],
    ]);
    expect(figures).toMatchObject({ recorded: 1, expected: 4, missing: { 'disk-full': 3 } });
  });

  it('leaves open what memory may still bring', () => {
    let heldFromMs = START_MS;
    account.begin(nowMs, { kind: 'unwanted', reason: 'off' }, undefined);
    account.turn({ kind: 'unwanted', reason: 'no-event', settledMs: () => heldFromMs }, nowMs);
    nowMs += 20_000;
    heldFromMs = START_MS + 15_000;
    account.retell();
    const run = account.runBegins(START_MS + 15_000);
    account.written(run, START_MS + 15_000, START_MS + 20_000);
    expect(told()).toEqual([
      ['declared', 0],
      ['no-event', 0, 15_000],
    ]);
    account.count();
    expect(figures).toMatchObject({ recorded: 5, expected: 5 });
  });
});

describe('AccountEnds', () => {
  const gap = (startMs: number, endMs: number, running?: boolean): AccountRecord => ({
    type: 'gap',
    ...OF,
    startMs,
    endMs,
    reason: 'stalled',
    ...(running === true && { running }),
  });

  it.each<[string, AccountRecord[], Partial<AccountEnd>]>([
    ['what went on', [gap(1, 5, true)], { endMs: 5, inOrder: false }],
    ['what was ended', [gap(1, 5, true), gap(1, 6)], { endMs: 6, inOrder: true }],
    ['a stream that is new', [{ type: 'declared', ...OF, atMs: 3 }], { endMs: 3, inOrder: false }],
    [
      'a stream that was withdrawn',
      [gap(1, 5), { type: 'withdrawn', ...OF, atMs: 5 }],
      { endMs: 5, withdrawn: true },
    ],
    ['a hole inside that is told late', [gap(1, 9), gap(3, 4)], { endMs: 9 }],
    ['a clock that was set back', [gap(1, 900_000), gap(3, 4)], { endMs: 4 }],
  ])('knows the end by %s, also from what is carried over', (_, records, end) => {
    const ends = new AccountEnds();
    for (const record of records) ends.apply(record);
    const next = new AccountEnds();
    for (const record of ends.carryOver()) next.apply(record);
    expect(next.all).toEqual(ends.all);
    expect(ends.all).toMatchObject([{ ...OF, ...end }]);
  });

  it('knows how runs end', () => {
    for (const [reason, inOrder] of [
      ['stopped', true],
      ['crash', false],
    ] as const) {
      const ends = new AccountEnds();
      ends.apply({ type: 'run-ended', run: 'a', ...OF, endedAtMs: 7, reason });
      expect(ends.all).toMatchObject([{ endMs: 7, inOrder }]);
    }
  });
});
