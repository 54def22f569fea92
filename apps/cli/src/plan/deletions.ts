import { systemClock } from '@nightjar/common';
import type { Catalog } from '@nightjar/catalog';
import type { NightjarConfig } from '@nightjar/config';
import { openSized, planRetention, type RetentionPlan } from '@nightjar/retention';

type Planned = RetentionPlan['deletions'][number];

/** Footage that would go at the next sweep, and would stay without the change. */
export type Deletion = Pick<Planned, 'camera' | 'volume' | 'rule' | 'segments' | 'bytes'>;

/** Asks what a sweep would delete by both configurations, at the same instant of the same catalog. */
export async function deletionsBecauseOf(
  catalog: Catalog,
  before: NightjarConfig,
  after: NightjarConfig,
): Promise<Deletion[]> {
  const nowMs = systemClock.wallMs();
  const ask = (config: NightjarConfig): Promise<RetentionPlan> =>
    planRetention({ catalog, config, nowMs, volume: (name) => openSized(config, name) });
  const [old, next] = [await ask(before), await ask(after)];
  return moreThan(old.deletions, next.deletions);
}

/** What is in `next` beyond `old`, by camera and volume: a footage that another rule deletes now is none the less gone. */
export function moreThan(old: readonly Planned[], next: readonly Planned[]): Deletion[] {
  const gone = new Map<string, { segments: number; bytes: number }>();
  for (const row of old) {
    const sum = gone.get(keyOf(row)) ?? { segments: 0, bytes: 0 };
    gone.set(keyOf(row), { segments: sum.segments + row.segments, bytes: sum.bytes + row.bytes });
  }
  return next.flatMap((row) => {
    const already = gone.get(keyOf(row)) ?? { segments: 0, bytes: 0 };
    const taken = {
      segments: Math.min(already.segments, row.segments),
      bytes: Math.min(already.bytes, row.bytes),
    };
    gone.set(keyOf(row), {
      segments: already.segments - taken.segments,
      bytes: already.bytes - taken.bytes,
    });
    const segments = row.segments - taken.segments;
    const { camera, volume, rule } = row;
    return segments > 0 ? [{ camera, volume, rule, segments, bytes: row.bytes - taken.bytes }] : [];
  });
}

const keyOf = ({ camera, volume }: Planned): string => `${volume}/${camera}`;
