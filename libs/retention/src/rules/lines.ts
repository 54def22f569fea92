import type { StreamKey, StreamLine } from '@nightjar/catalog';
import type { CameraRules } from './rules.js';

/**
 * How far age reaches in a stream at `nowMs`, before anything is said about room.
 * @param rules undefined for a camera that left the configuration: nothing of it is too old, nothing is guaranteed
 */
export function lineOf(
  { streamId, cameraId }: StreamKey,
  rules: CameraRules | undefined,
  nowMs: number,
): StreamLine {
  const { maxAgeMs, minAgeMs = 0, events } = rules ?? {};
  return {
    streamId,
    cameraId,
    protectedAfterMs: minAgeMs === 0 ? null : nowMs - minAgeMs,
    agedBeforeMs: maxAgeMs === undefined ? null : nowMs - maxAgeMs,
    eventAgedBeforeMs: events === undefined ? null : nowMs - events.maxAgeMs,
    eventBonusMs: events === undefined || maxAgeMs === undefined ? 0 : events.maxAgeMs - maxAgeMs,
    eventTypes: events?.types ?? null,
    preRollMs: events?.preRollMs ?? 0,
    postRollMs: events?.postRollMs ?? 0,
    maxEventMs: events?.maxLengthMs ?? 0,
    cameraUptoMs: null,
    groupUptoMs: null,
    details: {
      ...(maxAgeMs !== undefined && { maxAge: { maxAgeMs } }),
      ...(events !== undefined && { eventMaxAge: { maxAgeMs: events.maxAgeMs } }),
    },
  };
}
