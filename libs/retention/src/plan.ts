import type { RetainedSegment } from '@nightjar/catalog';

/** Why a segment goes. */
export type RetentionRule = 'maxAge' | 'maxBytes' | 'minFree';

/** What the configuration says about one camera; undefined = no such rule. */
export interface CameraPolicy {
  readonly maxAgeMs: number | undefined;
  readonly maxBytes: number | undefined;
}

export interface PlannedDeletion {
  readonly segment: RetainedSegment;
  readonly rule: RetentionRule;
}

export interface Plan {
  readonly deletions: readonly PlannedDeletion[];
  /** Bytes that still have to go after these deletions; 0 or less when the rule is satisfied. */
  readonly excessBytes: number;
  /** Whether younger segments than those given could have to go too. */
  readonly more: boolean;
}

/**
 * Decides about the next-oldest segments of one camera. A segment goes when all of it is older than `maxAge`, and else
 * while the camera holds more than `maxBytes`. The newest segment of a live run never goes.
 * @param segments oldest start first, all volumes
 * @param excessBytes what the camera holds above `maxBytes`, counted from `segments[0]` on; from the plan before for the next page
 */
export function planCamera(
  segments: readonly RetainedSegment[],
  policy: CameraPolicy,
  nowMs: number,
  excessBytes: number,
): Plan {
  const cutoffMs = policy.maxAgeMs === undefined ? -Infinity : nowMs - policy.maxAgeMs;
  const deletions: PlannedDeletion[] = [];
  let excess = excessBytes;
  for (const segment of segments) {
    // Nothing that starts after the cutoff can have ended before it.
    if (segment.startMs >= cutoffMs && excess <= 0)
      return { deletions, excessBytes: excess, more: false };
    const rule = segment.endMs < cutoffMs ? 'maxAge' : excess > 0 ? 'maxBytes' : undefined;
    if (segment.live || rule === undefined) continue;
    deletions.push({ segment, rule });
    excess -= segment.bytes;
  }
  return { deletions, excessBytes: excess, more: segments.length > 0 };
}

/**
 * Decides which of the next-oldest segments of a volume have to make room, whichever camera they are of.
 * @param segments oldest start first
 * @param excessBytes what is missing to the free space the configuration asks for
 */
export function planVolume(segments: readonly RetainedSegment[], excessBytes: number): Plan {
  const deletions: PlannedDeletion[] = [];
  let excess = excessBytes;
  for (const segment of segments) {
    if (excess <= 0) return { deletions, excessBytes: excess, more: false };
    if (segment.live) continue;
    deletions.push({ segment, rule: 'minFree' });
    excess -= segment.bytes;
  }
  return { deletions, excessBytes: excess, more: segments.length > 0 && excess > 0 };
}
