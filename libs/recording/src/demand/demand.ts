import type { UnwantedReason } from '@nightjar/catalog';

/** What is asked of the recorder of one stream at this moment. */
export type Demand =
  | {
      readonly wanted: true;
      readonly because: 'continuous' | 'schedule' | 'event' | 'manual' | 'unheard';
      /** Wall time from which footage is wanted, Unix epoch: before now for an event with pre-roll. */
      readonly sinceMs: number;
    }
  | {
      readonly wanted: false;
      /** `disk-full`: it is wanted, but there is no room for it; what is not recorded is missing. */
      readonly because: UnwantedReason | 'disk-full';
      /** What must be kept in memory, should an event come; undefined: nothing, and the camera need not be connected. */
      readonly preRoll: PreRoll | undefined;
    };

export interface PreRoll {
  readonly durationMs: number;
  /** Beyond it the oldest pictures are let go. */
  readonly maxBytes: number;
}

export function samePreRoll(a: PreRoll | undefined, b: PreRoll | undefined): boolean {
  return a?.durationMs === b?.durationMs && a?.maxBytes === b?.maxBytes;
}

/** Tells what is wanted of every recorded stream, and when that changes. */
export interface Demands {
  /** @returns undefined for a stream that is not declared to be recorded */
  of(camera: string, stream: string): Demand | undefined;
  /** @param listener is called after {@link Demands.of} has changed for a stream */
  onChange(listener: (camera: string, stream: string) => void): void;
}
