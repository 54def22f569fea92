import type { RecordedUnit } from '@nightjar/recording';
import type { TrackFormat } from '@nightjar/rtp';
import type { TrackSender } from '@nightjar/sending';
import type { Marks } from './section-marks.js';

/** One unit on its way out, with all that its packets are made of. */
export interface Outgoing {
  readonly unit: RecordedUnit;
  /** Of its track in its segment. */
  readonly format: TrackFormat;
  readonly sender: TrackSender;
  /** Backwards: the stretch it is of, which is shown from its end to its start. */
  readonly gop: { readonly startMs: number; readonly endMs: number } | undefined;
  /** Where it stands, for those who are told. */
  readonly marks: Marks | undefined;
}

/** Units that are sent together: one where play is paced, else as many as make a piece of work worth a turn. */
export class Slice {
  units: Outgoing[] = [];
  bytes = 0;

  add(outgoing: Outgoing): void {
    this.units.push(outgoing);
    this.bytes += outgoing.unit.data.length;
  }

  clear(): void {
    this.units = [];
    this.bytes = 0;
  }
}
