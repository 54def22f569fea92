import { describe, expect, it } from '@jest/globals';
import type { CameraEvent, RecordingOverride } from '@nightjar/catalog';
import { ManualClock } from '@nightjar/common';
import type { DemandSignals } from '@nightjar/recording';
import fc from 'fast-check';
import { SignalBoard, tellAll } from './signal-board.js';

/** Remembers what it was told, as one who decides by it would. */
class Listener implements DemandSignals {
  said: readonly RecordingOverride[] = [];
  readonly known = new Map<string, CameraEvent>();
  hearing = false;

  overrides(overrides: readonly RecordingOverride[]): void {
    this.said = overrides;
  }

  event(event: CameraEvent): void {
    this.known.set(event.id, event);
  }

  heard(heard: boolean): void {
    this.hearing = heard;
  }
}

const NOW_MS = Date.UTC(2026, 0, 1);
const signal = fc.oneof(
  fc.boolean().map((heard) => (to: DemandSignals) => to.heard(heard)),
  fc
    .array(fc.constantFrom('record', 'stop', 'privacy'), { maxLength: 2 })
    .map(
      (actions) => (to: DemandSignals) =>
        to.overrides(actions.map((action) => ({ camera: 'front', action }) as RecordingOverride)),
    ),
  fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.option(fc.integer({ min: 0, max: 9 }))).map(
    ([id, lasted]) =>
      (to: DemandSignals) =>
        to.event({
          id,
          camera: 'front',
          stream: undefined,
          type: 'motion',
          source: 'api',
          startMs: NOW_MS,
          endMs: lasted === null ? undefined : NOW_MS + lasted,
        }),
  ),
);

describe('SignalBoard', () => {
  it('tells who comes late the same as who was there all along', () => {
    fc.assert(
      fc.property(fc.array(signal), fc.array(signal), (before, after) => {
        const board = new SignalBoard(new ManualClock(NOW_MS));
        const early = new Listener();
        board.passOnTo(early);
        for (const one of before) one(board);
        const late = new Listener();
        // As it crosses a channel between processes.
        tellAll(JSON.parse(JSON.stringify(board.state)) as typeof board.state, late);
        board.passOnTo(late);
        for (const one of after) one(board);
        expect(JSON.parse(JSON.stringify(late))).toEqual(JSON.parse(JSON.stringify(early)));
        expect([...late.known]).toEqual([...early.known]);
      }),
    );
  });
});
