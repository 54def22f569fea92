import { expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import type { RelayStream } from '@nightjar/relay';
import { Figures, quietLog, START_MS } from '../test/bench.js';
import { Account } from './account/account.js';
import type { Demand } from './demand/demand.js';
import { RecordedStream } from './recorded-stream.js';
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

it.each([
  ['begins with the last keyframe that the hub holds', [unwanted('manual'), wanted], true],
  ['takes nothing from the hub of a time of privacy', [unwanted('privacy'), wanted], false],
  ['nor to keep it for an event', [unwanted('privacy'), armed], false],
])('%s', async (_what, demands: readonly Demand[], fromKeyframe) => {
  const attached: object[] = [];
  const clock = new WallClock(new ManualClock(START_MS));
  const stream = new RecordedStream(
    {
      camera: 'front',
      stream: 'main',
      account: new Account({
        camera: 'front',
        stream: 'main',
        now: () => START_MS,
        write: () => undefined,
        figures: accountFigures('front', 'main'),
      }),
      chain: new SegmentChain(null),
      chooseVolume: () => undefined,
      clock,
      settings: { segmentMs: 10_000, fragmentMs: 1_000, sync: 'fragment', queueBytes: 2 ** 20 },
      log: quietLog,
      metricsSink: new Figures(),
    },
    wanted,
  );
  stream.begin(START_MS, undefined);
  const hub = {
    attach: (_reader: unknown, options: object) => attached.push(options),
    detach: () => undefined,
  };
  stream.follow({ hub } as unknown as RelayStream);
  for (const demand of demands) stream.want(demand);
  expect(attached).toEqual([{ fromKeyframe: true }, { fromKeyframe }]);
  await stream.stop();
});
