import { createPacketizer, formatOf, type TrackFormat } from '@nightjar/rtp';
import { FILLING_VIDEO } from '../filling.js';

const PAYLOAD_TYPE = 96;
const NAL_KEYFRAME = 0x65;
const NAL_OTHER = 0x41;
/** Neither a start code nor its emulation can come of it. */
const FILLING = 0xaa;
export const PAYLOAD_BYTES = 1400;
export const FRAMES_PER_SECOND = 25;
const TICKS_PER_FRAME = 90_000 / FRAMES_PER_SECOND;

export const FORMAT: TrackFormat = formatOf(FILLING_VIDEO, PAYLOAD_TYPE);

/** Frames of any size, keyframes when they are asked for. */
export class FrameMaker {
  private readonly packetizer;
  private made = 0;

  constructor(ssrc: number) {
    this.packetizer = createPacketizer(FILLING_VIDEO, {
      payloadType: PAYLOAD_TYPE,
      ssrc,
      firstSequence: 0,
      maxPayloadBytes: PAYLOAD_BYTES,
    });
  }

  /** The RTP packets of the next frame: so many, and those of the parameter sets before a keyframe. */
  next(packets: number, keyframe: boolean): Buffer[] {
    // Fragments of a NAL unit carry two bytes of their own; the last one is smaller, as with real frames.
    const bytes = packets * (PAYLOAD_BYTES - 2) - PAYLOAD_BYTES / 2;
    const data = Buffer.alloc(4 + bytes, FILLING);
    data.writeUInt32BE(bytes);
    data[4] = keyframe ? NAL_KEYFRAME : NAL_OTHER;
    return this.packetizer.packetize({ data, keyframe }, TICKS_PER_FRAME * this.made++);
  }
}
