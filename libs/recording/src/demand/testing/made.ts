import type { CameraEvent, RecordingOverride } from '@nightjar/catalog';
import type { CameraConfig, EventRecordConfig, RecordConfig } from '@nightjar/config';

export const EVENT_RULE: EventRecordConfig = {
  types: undefined,
  preRollMs: 5_000,
  preRollBytes: 2 ** 25,
  postRollMs: 15_000,
  maxLengthMs: 600_000,
  whenUnheard: 'record',
};

/** Without an end it goes on. */
export function anEvent(
  id: string,
  startMs: number,
  endMs?: number,
  more: Partial<CameraEvent> = {},
): CameraEvent {
  const fixed = { camera: 'front', stream: undefined, type: 'motion', source: 'api' } as const;
  return { ...fixed, id, startMs, endMs, ...more };
}

export function aRecord(
  mode: RecordConfig['mode'],
  more: Partial<RecordConfig> = {},
): RecordConfig {
  return { stream: 'main', mode, schedule: undefined, event: EVENT_RULE, ...more };
}

/** A camera `front`, as far as demand looks at it. */
export function aCamera(...record: readonly RecordConfig[]): Record<string, CameraConfig> {
  return { front: { name: 'front', record } as unknown as CameraConfig };
}

export function anOverride(
  action: RecordingOverride['action'],
  more: Partial<RecordingOverride> = {},
): RecordingOverride {
  const fixed = { camera: 'front', stream: undefined, untilMs: undefined, reason: undefined };
  return { ...fixed, action, setBy: 'anna', setAtMs: 0, ...more };
}
