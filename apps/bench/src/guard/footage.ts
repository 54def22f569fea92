import { createPacketizer, formatOf, type CodecConfig, type TrackFormat } from '@nightjar/rtp';

/** Parameter sets of x264 for 320x240; the pictures behind them are filling, which nothing here decodes. */
const VIDEO: CodecConfig = {
  codec: 'h264',
  sps: Buffer.from('6764000dacd94141fa1000000300100000030320f1429960', 'hex'),
  pps: Buffer.from('68ebe3cb22c0', 'hex'),
  widthPx: 320,
  heightPx: 240,
};
const PAYLOAD_TYPE = 96;
const NAL_KEYFRAME = 0x65;
const NAL_OTHER = 0x41;
/** Neither a start code nor its emulation can come of it. */
const FILLING = 0xaa;
export const PAYLOAD_BYTES = 1400;
export const FRAMES_PER_SECOND = 25;
const TICKS_PER_FRAME = 90_000 / FRAMES_PER_SECOND;

export const FORMAT: TrackFormat = formatOf(VIDEO, PAYLOAD_TYPE);

/** Frames of any size, keyframes when they are asked for. */
export class FrameMaker {
  private readonly packetizer;
  private made = 0;

  constructor(ssrc: number) {
    this.packetizer = createPacketizer(VIDEO, {
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
