import type { MonotonicMs } from '@nightjar/common';
import { markerOf, payloadEndOf, payloadStartOf, timestampOf } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import type { MediaPolicy } from './media-policy.js';
import { isLittleEndian } from './told-track.js';

/** Changes one packet in place, into what the track is told to bring. Allocates nothing that lasts. */
export type PacketRepair = (
  buf: Buffer,
  offset: number,
  length: number,
  arrivalMs: MonotonicMs,
) => void;

const MARKER_FLAG = 0x80;
const SAMPLE_BYTES = 2;

/** What is to be done to the packets of a track, decided once; undefined, as for nearly all: nothing. */
export function repairFor(
  track: SdpTrack,
  policy: Pick<MediaPolicy, 'marker' | 'pictureTimes' | 'pcmOrder'>,
): PacketRepair | undefined {
  const { format } = track;
  if (isLittleEndian(format, policy)) return swapSamples;
  if (format.kind !== 'video') return undefined;
  const timed = policy.pictureTimes === 'arrival' ? byArrival(format.clockRateHz) : undefined;
  const marked = format.codec === 'h264' || format.codec === 'h265';
  if (policy.marker === 'believe' || !marked) return timed;
  if (timed === undefined) return clearMarker;
  return (buf, offset, length, arrivalMs) => {
    clearMarker(buf, offset);
    timed(buf, offset, length, arrivalMs);
  };
}

/** What is left to tell where a picture ends is its timestamp. */
function clearMarker(buf: Buffer, offset: number): void {
  buf[offset + 1] = (buf[offset + 1] ?? 0) & ~MARKER_FLAG;
}

/** RFC 3551 s.4.5.11: most significant byte first. */
function swapSamples(buf: Buffer, offset: number, length: number): void {
  const start = payloadStartOf(buf, offset);
  const end = payloadEndOf(buf, offset, length);
  const whole = end - start - ((end - start) % SAMPLE_BYTES);
  buf.subarray(start, start + whole).swap16();
}

/** The camera's timestamps tell pictures apart, nothing else; a marker does so too, where they do not change. */
function byArrival(clockRateHz: number): PacketRepair {
  let theirs: number | undefined;
  let ours = 0;
  let ended = false;
  return (buf, offset, _length, arrivalMs) => {
    const timestamp = timestampOf(buf, offset);
    if (timestamp !== theirs || ended) {
      const ticks = Math.round((arrivalMs / 1000) * clockRateHz);
      // Pictures that come at once are a moment apart all the same.
      ours = theirs === undefined ? ticks : Math.max(ticks, ours + 1);
      theirs = timestamp;
    }
    ended = markerOf(buf, offset);
    buf.writeUInt32BE(ours % 2 ** 32, offset + 4);
  };
}
