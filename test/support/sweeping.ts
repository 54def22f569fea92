import type { Catalog, CondemnedSegment } from '@nightjar/catalog';
import type { Clock } from '@nightjar/common';
// Not the index: it would load the queue, which a process that only sweeps has no use for.
import { ClockWatch } from '../../libs/retention/src/breaker/clock-watch.js';
import type {
  CameraRules,
  RetentionRules,
  VolumeRules,
} from '../../libs/retention/src/rules/rules.js';
import type { RetentionVolume } from '../../libs/retention/src/sweep/deleter.js';
import {
  nodeRemovalSystem,
  SegmentRemover,
} from '../../libs/retention/src/sweep/segment-remover.js';
import { sweepVolume } from '../../libs/retention/src/sweep/sweep.js';
import type { SweepOptions, SweepReport } from '../../libs/retention/src/sweep/sweep.js';

/** Rules of cameras by name, on one volume `main`. */
export function rulesFor(
  cameras: Record<string, Partial<CameraRules>>,
  volume: Partial<VolumeRules> = {},
  groups: Record<string, number> = {},
): RetentionRules {
  return {
    cameras: Object.entries(cameras).map(([camera, rules]) => ({
      camera,
      group: undefined,
      maxAgeMs: undefined,
      maxBytes: undefined,
      minAgeMs: 0,
      events: undefined,
      ...rules,
    })),
    groups: Object.entries(groups).map(([group, maxBytes]) => ({ group, maxBytes })),
    volumes: [
      {
        volume: 'main',
        state: 'active',
        minFreeBytes: 0,
        maxBytes: undefined,
        maxAgeMs: undefined,
        minAgeMs: 0,
        eventMaxAgeMs: undefined,
        ...volume,
      },
    ],
  };
}

export interface SweepSetting {
  readonly catalog: Catalog;
  readonly volume: RetentionVolume;
  readonly rules: RetentionRules;
  readonly clock: Clock;
  readonly clockWatch?: ClockWatch;
  readonly maxShare?: number;
  readonly deleted?: (segments: readonly CondemnedSegment[]) => void;
  readonly with?: Partial<SweepOptions>;
}

/** One sweep of volume `main`; anything may be deleted at once unless `maxShare` says otherwise. */
export async function sweepMain(
  setting: SweepSetting,
  signal = new AbortController().signal,
): Promise<SweepReport | undefined> {
  const { catalog, volume, rules, clock } = setting;
  return sweepVolume(
    {
      repository: catalog.retention,
      sweeps: catalog.sweeps,
      volume,
      volumeName: 'main',
      remover: new SegmentRemover(volume.root, nodeRemovalSystem),
      clock,
      clockWatch: setting.clockWatch ?? new ClockWatch(clock),
      rules,
      counted: [{ id: volume.id, volume: 'main' }],
      maxShare: setting.maxShare ?? 1,
      deleted: setting.deleted ?? (() => undefined),
      progress: () => undefined,
      ...setting.with,
    },
    signal,
  );
}
