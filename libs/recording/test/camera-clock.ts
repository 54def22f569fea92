/** Repeatable noise, 0 to 1 (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Something that befalls the clock of a camera, at a true time. */
export type ClockEvent =
  | { readonly kind: 'step'; readonly atMs: number; readonly byMs: number }
  /** It stands still for so long; with `catchUp` it is right again afterwards, else it has lost the time. */
  | {
      readonly kind: 'stand';
      readonly atMs: number;
      readonly forMs: number;
      readonly catchUp: boolean;
    };

/** A clock of a simulated camera: what it shows at a true time. */
export class CameraClock {
  /**
   * @param ppm it is fast by so much
   * @param startMs what it shows at time 0
   */
  constructor(
    private readonly ppm: number,
    private readonly startMs: number,
    private readonly events: readonly ClockEvent[],
  ) {}

  at(trueMs: number): number {
    let shownMs = trueMs;
    let addedMs = 0;
    for (const event of this.events) {
      if (trueMs < event.atMs) continue;
      if (event.kind === 'step') addedMs += event.byMs;
      else if (trueMs < event.atMs + event.forMs) shownMs = event.atMs;
      else if (!event.catchUp) addedMs -= event.forMs;
    }
    return this.startMs + shownMs * (1 + this.ppm * 1e-6) + addedMs;
  }
}
