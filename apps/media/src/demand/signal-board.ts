import type { CameraEvent, RecordingOverride } from '@nightjar/catalog';
import type { Clock } from '@nightjar/common';
import { RecentEvents, type DemandSignals } from '@nightjar/recording';

/** All that a process which has just started must be told. Plain data. */
export interface SignalState {
  readonly overrides: readonly RecordingOverride[];
  readonly events: readonly CameraEvent[];
  readonly heard: boolean;
}

/** Keeps what is told about demand for those who come later, and passes it on to those who are there. */
export class SignalBoard implements DemandSignals {
  private readonly recent = new RecentEvents();
  private stored: readonly RecordingOverride[] = [];
  private hearing = false;

  private readonly others: DemandSignals[] = [];

  constructor(private readonly clock: Clock) {}

  /** From here on `other` is told of every change. */
  passOnTo(other: DemandSignals): void {
    this.others.push(other);
  }

  get state(): SignalState {
    return {
      overrides: this.stored,
      events: this.recent.all(this.clock.wallMs()),
      heard: this.hearing,
    };
  }

  overrides(overrides: readonly RecordingOverride[]): void {
    this.stored = overrides;
    for (const other of this.others) other.overrides(overrides);
  }

  event(event: CameraEvent): void {
    this.recent.note(event, this.clock.wallMs());
    for (const other of this.others) other.event(event);
  }

  heard(heard: boolean): void {
    this.hearing = heard;
    for (const other of this.others) other.heard(heard);
  }
}

/** Tells a listener all of a state. */
export function tellAll({ overrides, events, heard }: SignalState, listener: DemandSignals): void {
  listener.overrides(overrides);
  for (const event of events) listener.event(event);
  listener.heard(heard);
}
