import type { MountTrack } from '@nightjar/relay';
import type { TrackFormat } from '@nightjar/rtp';

/** First and last dynamic payload type (RFC 3551 s.6). */
const FIRST_DYNAMIC = 96;
const LAST_DYNAMIC = 127;

/**
 * Tracks of a presentation: those of its first segment, then what the last one has beside them. Between the two a camera may
 * have got a microphone, or another codec; every segment then finds its tracks here.
 */
export function presentedTracks(
  first: readonly TrackFormat[],
  last: readonly TrackFormat[],
): MountTrack[] {
  const formats = [...first];
  const places = placesOf(last, formats);
  last.forEach((format, index) => {
    if (places[index]! < 0) formats.push(withFreePayloadType(format, formats));
  });
  const counts = new Map<string, number>();
  return formats.map((format) => {
    const count = (counts.get(format.kind) ?? 0) + 1;
    counts.set(format.kind, count);
    const token = `${format.kind.toUpperCase()}${String(count).padStart(3, '0')}`;
    // ONVIF Streaming s.6.2: which track of the recording it is.
    const attributes = [`x-onvif-track:${token}`];
    return { format, control: '', direction: 'recvonly' as const, attributes };
  });
}

/** For each track of a segment its place among those presented: the first of its codec that is not taken, or -1. */
export function placesOf(
  formats: readonly TrackFormat[],
  presented: readonly TrackFormat[],
): number[] {
  const taken = new Set<number>();
  return formats.map(({ codec, clockRateHz, channels }) => {
    const found = presented.findIndex(
      (format, index) =>
        !taken.has(index) &&
        format.codec === codec &&
        format.clockRateHz === clockRateHz &&
        format.channels === channels,
    );
    taken.add(found);
    return found;
  });
}

function withFreePayloadType(format: TrackFormat, others: readonly TrackFormat[]): TrackFormat {
  const used = new Set(others.map(({ payloadType }) => payloadType));
  if (!used.has(format.payloadType)) return format;
  let free = FIRST_DYNAMIC;
  while (used.has(free) && free < LAST_DYNAMIC) free += 1;
  return { ...format, payloadType: free };
}
