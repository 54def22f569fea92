/** A camera that writes on the volume in need. */
export interface Writer {
  readonly camera: string;
  /** 0 to 100; the lowest stop first. */
  readonly priority: number;
  readonly bytesPerDay: number;
}

export interface EmergencyInput {
  /** Bytes missing to `minFree` although nothing unprotected is left. */
  readonly shortBytes: number;
  readonly freeBytes: number;
  readonly minFreeBytes: number;
  /** Whether free space and what may still be deleted reach {@link releaseMargin} beyond `minFree`. */
  readonly roomToRelease: boolean;
  /** Those that record on the volume now. */
  readonly writers: readonly Writer[];
  /** Those that were stopped for it, in order. */
  readonly stopped: readonly string[];
}

export interface EmergencyStep {
  readonly stop: readonly string[];
  readonly release: readonly string[];
}

/** Below this share of `minFree` one camera per sweep is too slow. */
const URGENT_SHARE = 0.5;
/** Room that must be there beyond `minFree` before a camera records again. */
const RELEASE_SHARE = 0.25;

/** Bytes that free and deletable footage must have beyond `minFree` before a stopped camera records again. */
export function releaseMargin(minFreeBytes: number): number {
  return minFreeBytes * RELEASE_SHARE;
}

/**
 * What one sweep does about a volume that is full of protected footage. One camera stops: of the lowest priority, and among
 * equals the one that writes most, so that few have to. With less than half of `minFree` left as many stop, in the same
 * order, as write half of what is written. They come back one by one, the last first.
 */
export function emergencyStep(input: EmergencyInput): EmergencyStep {
  const { shortBytes, freeBytes, minFreeBytes, roomToRelease, stopped } = input;
  if (shortBytes <= 0) {
    const last = stopped.at(-1);
    return { stop: [], release: roomToRelease && last !== undefined ? [last] : [] };
  }
  const candidates = input.writers
    .filter(({ camera }) => !stopped.includes(camera))
    .toSorted(
      (a, b) =>
        a.priority - b.priority || b.bytesPerDay - a.bytesPerDay || (a.camera < b.camera ? -1 : 1),
    );
  const urgent = freeBytes < URGENT_SHARE * minFreeBytes;
  const half = candidates.reduce((sum, { bytesPerDay }) => sum + bytesPerDay, 0) / 2;
  const stop: string[] = [];
  let rate = 0;
  for (const { camera, bytesPerDay } of candidates) {
    if (stop.length > 0 && !(urgent && rate < half)) break;
    stop.push(camera);
    rate += bytesPerDay;
  }
  return { stop, release: [] };
}
