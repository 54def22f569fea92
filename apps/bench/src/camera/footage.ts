import { createPacketizer, type CodecConfig } from '@nightjar/rtp';
import {
  FRAME_STAMP_BYTES,
  blankFrameStamp,
  findFrameStamp,
} from '../../../camsim/src/frame-stamp.js';

/** Footage of all cameras of the benchmark. */
export const FRAMES_PER_SECOND = 25;
export const VIDEO_CLOCK_HZ = 90_000;
export const PAYLOAD_TYPE = 96;

/** A keyframe is this many times as large as the frames after it, as with real cameras. */
const KEYFRAME_WEIGHT = 8;
/** 1280x720, main profile, level 4; parameter sets of a real encoder. */
export const PARAMETER_SETS: Extract<CodecConfig, { codec: 'h264' }> = {
  codec: 'h264',
  sps: Buffer.from('674d4028d89014016ec044000003000400000300c83c60c898', 'hex'),
  pps: Buffer.from('68e88c0e4b20', 'hex'),
  widthPx: 1280,
  heightPx: 720,
};
/** Header of the NAL unit and the begin of a slice that starts with the first macroblock. */
const IDR_START = Buffer.from('6588840c', 'hex');
const P_START = Buffer.from('419a2462', 'hex');
const SEI_NAL = 6;
const SEI_USER_DATA_UNREGISTERED = 5;
const RBSP_STOP_BIT = 0x80;
const NAL_LENGTH_BYTES = 4;
const FRAME_MARK = 0x24;
const FRAME_HEADER_BYTES = 4;
const SEED = 0x5eed;

/** One frame as it goes over the wire: RTP packets, each behind its `$` header for channel 0. */
export interface WireFrame {
  readonly keyframe: boolean;
  readonly bytes: Buffer;
  /** Where its RTP packets begin in `bytes`. */
  readonly packets: readonly number[];
  /** RTP payload in sum, for sender reports. */
  readonly payloadBytes: number;
  /** Where its frame stamp is in `bytes`. */
  readonly stamp: number;
}

/**
 * One GOP of frames whose slices have real beginnings and noise behind them: everything but a decoder takes them for video.
 * Sequence numbers, timestamps and stamps are for the sender to fill in.
 */
export function makeFootage(bitsPerSecond: number, gopSeconds: number): WireFrame[] {
  const frames = Math.round(gopSeconds * FRAMES_PER_SECOND);
  const share = ((bitsPerSecond / 8) * gopSeconds) / (KEYFRAME_WEIGHT + frames - 1);
  const packetizer = createPacketizer(PARAMETER_SETS, {
    payloadType: PAYLOAD_TYPE,
    ssrc: 0,
    firstSequence: 0,
  });
  const noise = makeNoise(Math.ceil(share * KEYFRAME_WEIGHT));
  const stamp = nal(stampMessage());
  return Array.from({ length: frames }, (_, i) => {
    const keyframe = i === 0;
    const start = keyframe ? IDR_START : P_START;
    const size = Math.round(share * (keyframe ? KEYFRAME_WEIGHT : 1));
    const slice = nal(start, noise.subarray(0, Math.max(0, size - stamp.length - start.length)));
    return toWire(
      packetizer.packetize({ data: Buffer.concat([stamp, slice]), keyframe }, 0),
      keyframe,
    );
  });
}

function toWire(packets: readonly Buffer[], keyframe: boolean): WireFrame {
  const offsets: number[] = [];
  let at = 0;
  const parts = packets.flatMap((packet) => {
    offsets.push(at + FRAME_HEADER_BYTES);
    at += FRAME_HEADER_BYTES + packet.length;
    return [Buffer.from([FRAME_MARK, 0, packet.length >> 8, packet.length & 0xff]), packet];
  });
  const bytes = Buffer.concat(parts);
  const payloadBytes = packets.reduce((sum, { length }) => sum + length - 12, 0);
  return { keyframe, bytes, packets: offsets, payloadBytes, stamp: findFrameStamp(bytes) };
}

function nal(...parts: readonly Buffer[]): Buffer {
  const length = Buffer.alloc(NAL_LENGTH_BYTES);
  length.writeUInt32BE(parts.reduce((sum, part) => sum + part.length, 0));
  return Buffer.concat([length, ...parts]);
}

function stampMessage(): Buffer {
  const head = Buffer.from([SEI_NAL, SEI_USER_DATA_UNREGISTERED, FRAME_STAMP_BYTES]);
  return Buffer.concat([head, blankFrameStamp(), Buffer.from([RBSP_STOP_BIT])]);
}

/** Without a zero byte, hence without anything that looks like a start code. Always the same. */
function makeNoise(length: number): Buffer {
  const noise = Buffer.alloc(length);
  let state = SEED;
  for (let i = 0; i < length; i++) {
    // Numerical Recipes' linear congruential generator.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    noise[i] = 1 + ((state >>> 24) % 255);
  }
  return noise;
}
