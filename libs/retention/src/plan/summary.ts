import type { RetentionRule } from '@nightjar/catalog';
import type { Evaluation } from './evaluate.js';

/** What would go now of one camera on one volume by one rule. Times are RFC 3339. */
export interface PlannedDeletion {
  readonly camera: string;
  readonly volumeId: string;
  readonly rule: RetentionRule;
  readonly segments: number;
  readonly bytes: number;
  readonly oldest: string;
  readonly newest: string;
}

/** The streams of a camera together, by camera and rule. */
export function summarize({ doomed, streams }: Evaluation): PlannedDeletion[] {
  const cameras = new Map(streams.map(({ streamId, camera }) => [streamId, camera]));
  const sums = new Map<
    string,
    Omit<PlannedDeletion, 'oldest' | 'newest'> & { oldestMs: number; newestMs: number }
  >();
  for (const row of doomed) {
    const camera = cameras.get(row.streamId) ?? '';
    const key = `${camera}\n${row.volumeId}\n${row.rule}`;
    const sum = sums.get(key);
    sums.set(key, {
      camera,
      volumeId: row.volumeId,
      rule: row.rule,
      segments: (sum?.segments ?? 0) + row.segments,
      bytes: (sum?.bytes ?? 0) + row.bytes,
      oldestMs: Math.min(sum?.oldestMs ?? Infinity, row.oldestMs),
      newestMs: Math.max(sum?.newestMs ?? -Infinity, row.newestMs),
    });
  }
  return Array.from(sums.values(), ({ oldestMs, newestMs, ...rest }) => ({
    ...rest,
    oldest: new Date(oldestMs).toISOString(),
    newest: new Date(newestMs).toISOString(),
  })).toSorted((a, b) => (a.camera + a.rule < b.camera + b.rule ? -1 : 1));
}
