import { sequenceDelta, TimestampUnwrapper } from '../serial.js';
import {
  markerOf,
  payloadEndOf,
  payloadStartOf,
  payloadTypeOf,
  rtpDefect,
  sequenceOf,
  timestampOf,
} from '../rtp-packet.js';

/** A packet this little behind is late or a duplicate; one further behind is of a source that started anew. */
const MAX_MISORDER = 100;

/** Reads one packet after the other of a track into its own fields, so that nothing is allocated per packet. */
export class PacketCursor {
  payloadStart = 0;
  payloadEnd = 0;
  /** Unwrapped RTP timestamp. */
  ticks = 0;
  marker = false;
  /** Packets between the one before and this one were lost. */
  lossBefore = false;

  readonly #payloadType: number;
  readonly #timestamps = new TimestampUnwrapper();
  #nextSequence = -1;

  constructor(payloadType: number) {
    this.#payloadType = payloadType;
  }

  /** False when the packet is none of this track (field: Geovision mixes in payload type 50), late or a duplicate. */
  read(buf: Buffer, offset: number, length: number): boolean {
    if (rtpDefect(buf, offset, length) !== undefined) return false;
    if (payloadTypeOf(buf, offset) !== this.#payloadType) return false;
    const sequence = sequenceOf(buf, offset);
    const ahead = this.#nextSequence < 0 ? 0 : sequenceDelta(this.#nextSequence, sequence);
    if (ahead < 0 && ahead >= -MAX_MISORDER) return false;
    this.lossBefore = ahead !== 0;
    this.#nextSequence = (sequence + 1) & 0xffff;
    this.ticks = this.#timestamps.unwrap(timestampOf(buf, offset));
    this.marker = markerOf(buf, offset);
    this.payloadStart = payloadStartOf(buf, offset);
    this.payloadEnd = payloadEndOf(buf, offset, length);
    return true;
  }
}
