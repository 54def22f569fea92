import type { CameraConfig, RecordConfig } from '@nightjar/config';
import type { Demand } from './demand.js';

/** The streams of a camera that are accounted for: those that are declared to be recorded, else the main one, as off. */
export function recordsOf({
  record,
}: CameraConfig): readonly Pick<RecordConfig, 'stream' | 'mode'>[] {
  return record.length > 0 ? record : [{ stream: 'main', mode: 'off' }];
}

/** What a mode alone asks for, where nobody knows of times and events. */
export function demandOfMode(mode: RecordConfig['mode'], nowMs: number): Demand {
  switch (mode) {
    case 'continuous':
      return { wanted: true, because: 'continuous', sinceMs: nowMs };
    case 'schedule':
      return { wanted: false, because: 'schedule', preRoll: undefined };
    case 'event':
      return { wanted: false, because: 'no-event', preRoll: undefined };
    case 'off':
      return { wanted: false, because: 'off', preRoll: undefined };
  }
}
