import type { Clock, Timer } from '@nightjar/common';
import type { Happening } from './normalise.js';
import type { Notification } from './read-notifications.js';

/** What ends and begins again within this did not end: detectors flicker. */
export const DEBOUNCE_MS = 2_000;
/** Rules and inputs of one camera that are told apart; a device that makes more up is not followed. */
const MAX_KEYS = 256;

export type Change = 'begin' | 'end' | 'pulse';

/**
 * Makes changes of what a device repeats: the state that it tells when we subscribe is no event, nor is the same state said
 * again, and an end counts once it has lasted.
 */
export class StateChanges {
  private readonly states = new Map<string, { active: boolean; ending: Timer | undefined }>();

  /** @param changed told of each change, later too: of ends, once they have lasted */
  constructor(
    private readonly clock: Clock,
    private readonly changed: (happening: Happening, change: Change) => void,
    private readonly debounceMs = DEBOUNCE_MS,
  ) {}

  take(happening: Happening, operation: Notification['operation']): void {
    const { key } = happening;
    const active = operation === 'Deleted' ? false : happening.active;
    if (active === undefined) {
      if (operation !== 'Initialized') this.changed(happening, 'pulse');
      return;
    }
    const state = this.states.get(key);
    if (operation === 'Initialized' && state === undefined) {
      this.keep(key, false);
      return;
    }
    if (active) this.begin(happening, state);
    else if (state?.active === true && state.ending === undefined) this.end(happening, state);
  }

  /** Forgets what would still end. */
  stop(): void {
    for (const { ending } of this.states.values()) ending?.cancel();
    this.states.clear();
  }

  private begin(
    happening: Happening,
    state: { active: boolean; ending: Timer | undefined } | undefined,
  ): void {
    state?.ending?.cancel();
    if (state?.active === true) {
      state.ending = undefined;
      return;
    }
    if (this.keep(happening.key, true)) this.changed(happening, 'begin');
  }

  private end(happening: Happening, state: { active: boolean; ending: Timer | undefined }): void {
    state.ending = this.clock.setTimer(this.debounceMs, () => {
      state.active = false;
      state.ending = undefined;
      this.changed(happening, 'end');
    });
  }

  private keep(key: string, active: boolean): boolean {
    if (!this.states.has(key) && this.states.size >= MAX_KEYS) return false;
    this.states.set(key, { active, ending: undefined });
    return true;
  }
}
