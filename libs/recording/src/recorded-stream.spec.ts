import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { HubReader, RelayStream } from '@nightjar/relay';
import { Bench, Figures, quietLog, START_MS } from '../test/bench.js';
import type { AccountRecord } from './account/account-record.js';
import { Account } from './account/account.js';
import type { Demand } from './demand/demand.js';
import { RecordedStream } from './recorded-stream.js';
import type { Recorder } from './recorder/recorder.js';
import { accountFigures } from './recording-metrics.js';
import { SegmentChain } from './segments/segment-chain.js';
import { WallClock } from './time/wall-clock.js';

const wanted: Demand = { wanted: true, because: 'continuous', sinceMs: START_MS };
const unwanted = (because: 'privacy' | 'manual'): Demand => ({
  wanted: false,
  because,
  preRoll: undefined,
});
const armed: Demand = {
  wanted: false,
  because: 'no-event',
  preRoll: { durationMs: 5_000, maxBytes: 2 ** 20 },
};

/** A hub that notes who attaches, and how. */
class ScriptedHub {
  delivering = false;
  readonly attached: object[] = [];
  reader: HubReader | undefined;
  attach(reader: HubReader, options: object): void {
    this.attached.push(options);
    this.reader = reader;
    if (this.delivering) reader.tracks(bench.tracks);
  }
  detach(): void {
    this.reader = undefined;
  }
}

let bench: Bench;
let hub: ScriptedHub;
let stream: RecordedStream;
let said: AccountRecord[];

beforeEach(async () => {
  bench = await Bench.open();
  hub = new ScriptedHub();
  said = [];
  const clock = new WallClock(bench.clock);
  const name = { camera: 'front', stream: 'main' };
  stream = new RecordedStream(
    {
      ...name,
      account: new Account({
        ...name,
        now: () => clock.now(),
        write: (record) => said.push(record),
        figures: accountFigures('front', 'main'),
      }),
      chain: new SegmentChain(null),
      chooseVolume: () => ({ volume: bench.volume, journal: bench.journal }),
      clock,
      settings: bench.settings,
      log: quietLog,
      metricsSink: new Figures(),
    },
    wanted,
  );
  stream.begin(START_MS, undefined);
});
afterEach(async () => {
  await stream.stop();
  await bench.close();
});

const play = (seconds: number): Promise<void> => bench.play(hub.reader as Recorder, seconds);
/** The camera goes on, and nobody takes what it sends. */
async function pass(seconds: number): Promise<void> {
  bench.silent = true;
  await bench.play({} as Recorder, seconds);
  bench.silent = false;
}

/** The newest statement of each span: its reason, and where it is known to end, milliseconds after the start. */
function spans(): [string, number][] {
  const newest = new Map<string, [string, number]>();
  for (const record of said)
    if ('reason' in record)
      newest.set(`${record.reason} ${record.startMs}`, [record.reason, record.endMs - START_MS]);
  return [...newest.values()];
}

describe('RecordedStream', () => {
  it.each([
    ['begins with the last keyframe that the hub holds', [unwanted('manual'), wanted], true],
    ['takes nothing from the hub of a time of privacy', [unwanted('privacy'), wanted], false],
    ['nor to keep it for an event', [unwanted('privacy'), armed], false],
  ])('%s', (_what, demands: readonly Demand[], fromKeyframe) => {
    stream.follow({ hub } as unknown as RelayStream);
    for (const demand of demands) stream.want(demand);
    expect(hub.attached).toEqual([{ fromKeyframe: true }, { fromKeyframe }]);
  });

  it('counts pictures that need those of a time of privacy as part of it', async () => {
    hub.delivering = true;
    stream.follow({ hub } as unknown as RelayStream);
    await play(2.4);
    stream.want(unwanted('privacy'));
    await pass(1);
    stream.want(wanted);
    await play(3);
    await stream.stop();
    stream.account.close();
    const [, after] = await bench.lines('run-started');
    expect(after?.startedAtMs).toBeGreaterThan(START_MS + 3_900);
    expect(spans().slice(-1)).toEqual([['privacy', (after?.startedAtMs ?? 0) - START_MS]]);
  });

  it('says so when the camera leaves before the first picture behind it', async () => {
    hub.delivering = true;
    stream.follow({ hub } as unknown as RelayStream);
    await play(2.4);
    stream.want(unwanted('privacy'));
    await pass(1);
    stream.want(wanted);
    await play(0.2);
    hub.reader?.interrupted('closed');
    await pass(1);
    stream.account.close();
    expect(spans().slice(-2)).toEqual([
      ['privacy', 3_600],
      ['closed', 4_600],
    ]);
  });

  it('misses what a camera that must be connected first does not send behind a time of privacy', async () => {
    stream.follow({ hub } as unknown as RelayStream);
    stream.want(unwanted('privacy'));
    await pass(1);
    stream.want(wanted);
    await pass(1);
    stream.account.close();
    expect(spans().slice(-2)).toEqual([
      ['privacy', 1_000],
      ['camera-offline', 2_000],
    ]);
  });
});
