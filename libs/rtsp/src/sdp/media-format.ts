import type { Codec, MediaKind, TrackFormat } from '@nightjar/rtp';
import type { NoteTolerance } from '../tolerated.js';

/** `a=rtpmap` without its payload type. RFC 8866 s.6.6. */
export interface RtpMap {
  readonly encodingName: string;
  readonly clockRateHz: number | undefined;
  readonly channels: number | undefined;
}

const VIDEO_CLOCK_HZ = 90_000;
const AUDIO_CLOCK_HZ = 8_000;
const OPUS_CLOCK_HZ = 48_000;
const MAX_CHANNELS = 255;

/** Static payload types: [encoding name, clock rate in Hz, channels]. RFC 3551 s.6. */
const STATIC_TYPES: Readonly<Record<number, readonly [string, number, number]>> = {
  0: ['PCMU', 8_000, 1],
  // Withdrawn for the order of its bits, which nobody agreed on (RFC 3551 s.6); field: cameras that use it all the same.
  2: ['G726-32', 8_000, 1],
  3: ['GSM', 8_000, 1],
  4: ['G723', 8_000, 1],
  5: ['DVI4', 8_000, 1],
  6: ['DVI4', 16_000, 1],
  7: ['LPC', 8_000, 1],
  8: ['PCMA', 8_000, 1],
  9: ['G722', 8_000, 1],
  10: ['L16', 44_100, 2],
  11: ['L16', 44_100, 1],
  12: ['QCELP', 8_000, 1],
  13: ['CN', 8_000, 1],
  14: ['MPA', 90_000, 1],
  15: ['G728', 8_000, 1],
  16: ['DVI4', 11_025, 1],
  17: ['DVI4', 22_050, 1],
  18: ['G729', 8_000, 1],
  25: ['CelB', 90_000, 0],
  26: ['JPEG', 90_000, 0],
  28: ['nv', 90_000, 0],
  31: ['H261', 90_000, 0],
  32: ['MPV', 90_000, 0],
  33: ['MP2T', 90_000, 0],
  34: ['H263', 90_000, 0],
};

const PCMU_TYPE = 0;
const PCMA_TYPE = 8;

const CODECS: ReadonlyMap<string, Codec> = new Map([
  ['H264', 'h264'],
  ['H265', 'h265'],
  ['HEVC', 'h265'],
  ['MPEG4-GENERIC', 'aac'],
  ['MP4A-LATM', 'aac'],
  ['PCMU', 'pcmu'],
  ['PCMA', 'pcma'],
  ['OPUS', 'opus'],
]);

/** Puts together what rtpmap, the static assignment and the kind of media say, in this order. */
export function mediaFormat(
  kind: MediaKind,
  payloadType: number,
  rtpMap: RtpMap | undefined,
  fmtp: Readonly<Record<string, string>>,
  note: NoteTolerance,
): TrackFormat {
  const [staticName = '', staticClockHz, staticChannels] = STATIC_TYPES[payloadType] ?? [];
  // field: cameras name PCMU on payload type 8; what they send is what the number says.
  const numberWins = payloadType === PCMU_TYPE || payloadType === PCMA_TYPE;
  const encodingName = numberWins ? staticName : rtpMap?.encodingName || staticName;
  if (numberWins && rtpMap !== undefined && rtpMap.encodingName.toUpperCase() !== staticName)
    note('g711-misnamed');
  const codec = CODECS.get(encodingName.toUpperCase()) ?? 'other';
  const written =
    rtpMap?.clockRateHz || staticClockHz || (kind === 'audio' ? AUDIO_CLOCK_HZ : VIDEO_CLOCK_HZ);
  // field: cameras that write the rate they sample at; RFC 7587 s.4.1 has one clock for all.
  const clockRateHz = codec === 'opus' ? OPUS_CLOCK_HZ : written;
  if (clockRateHz !== written) note('opus-clock');
  return {
    kind,
    codec,
    payloadType,
    clockRateHz,
    channels: kind === 'audio' ? channelsOf(rtpMap?.channels, staticChannels) : 0,
    encodingName,
    fmtp,
  };
}

function channelsOf(written: number | undefined, assigned: number | undefined): number {
  if (written !== undefined && written >= 1 && written <= MAX_CHANNELS) return written;
  return assigned || 1;
}
