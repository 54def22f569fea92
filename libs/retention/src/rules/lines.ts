import type { PlaceLine, StreamKey, StreamLine } from '@nightjar/catalog';
import type { CameraRules, VolumeRules } from './rules.js';

/**
 * How far age reaches in a stream at `nowMs`, before anything is said about room.
 * @param rules undefined for a camera that left the configuration: nothing of it is too old, nothing is guaranteed
 * @param volumes those it may lie on
 */
export function lineOf(
  { streamId, cameraId }: StreamKey,
  rules: CameraRules | undefined,
  nowMs: number,
  volumes: readonly VolumeRules[] = [],
): StreamLine {
  const { maxAgeMs, minAgeMs = 0, events } = rules ?? {};
  // Without an age of their own they go with the rest; where that has none, nothing is as old as 1970.
  const eventMaxAgeMs = events?.maxAgeMs ?? maxAgeMs ?? nowMs;
  return {
    streamId,
    cameraId,
    protectedAfterMs: minAgeMs === 0 ? null : nowMs - minAgeMs,
    agedBeforeMs: maxAgeMs === undefined ? null : nowMs - maxAgeMs,
    eventAgedBeforeMs: events === undefined ? null : nowMs - eventMaxAgeMs,
    eventBonusMs: bonusOf(rules, volumes),
    eventTypes: events?.types ?? null,
    preRollMs: events?.preRollMs ?? 0,
    postRollMs: events?.postRollMs ?? 0,
    maxEventMs: events?.maxLengthMs ?? 0,
    cameraUptoMs: null,
    groupUptoMs: null,
    details: {
      ...(maxAgeMs !== undefined && { maxAge: { maxAgeMs } }),
      ...(events?.maxAgeMs !== undefined && { eventMaxAge: { maxAgeMs: events.maxAgeMs } }),
    },
  };
}

/** By how much footage of events outlives the rest where room is the matter: as by age, on the volume that keeps it longest. */
function bonusOf(rules: CameraRules | undefined, volumes: readonly VolumeRules[]): number {
  const { events, maxAgeMs = Infinity } = rules ?? {};
  if (events === undefined) return 0;
  if (events.maxAgeMs !== undefined) return events.maxAgeMs - maxAgeMs;
  const longer = volumes.map((volume) =>
    volume.maxAgeMs === undefined || volume.eventMaxAgeMs === undefined
      ? 0
      : Math.min(volume.eventMaxAgeMs, maxAgeMs) - Math.min(volume.maxAgeMs, maxAgeMs),
  );
  return Math.max(0, ...longer);
}

/**
 * How far age reaches on a volume at `nowMs`, before anything is said about room.
 * @param rules undefined where none hold
 */
export function placeOf(
  volumeId: string,
  rules: VolumeRules | undefined,
  nowMs: number,
): PlaceLine {
  const { maxAgeMs, minAgeMs = 0, eventMaxAgeMs = maxAgeMs } = rules ?? {};
  return {
    volumeId,
    protectedAfterMs: minAgeMs === 0 ? null : nowMs - minAgeMs,
    agedBeforeMs: maxAgeMs === undefined ? null : nowMs - maxAgeMs,
    eventAgedBeforeMs: eventMaxAgeMs === undefined ? null : nowMs - eventMaxAgeMs,
    bytesUptoMs: null,
    freeUptoMs: null,
    details:
      maxAgeMs === undefined
        ? {}
        : {
            volumeMaxAge: {
              maxAgeMs,
              ...(eventMaxAgeMs !== maxAgeMs && { eventMaxAgeMs }),
            },
          },
  };
}
