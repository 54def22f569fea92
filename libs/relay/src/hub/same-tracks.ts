import type { SdpTrack } from '@nightjar/rtsp';

/** Whether packets of `b` fit a session that was set up for `a`. */
export function sameTracks(a: readonly SdpTrack[], b: readonly SdpTrack[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ format }, i) => {
      const other = b[i]!.format;
      return (
        format.encodingName.toLowerCase() === other.encodingName.toLowerCase() &&
        format.payloadType === other.payloadType &&
        format.clockRateHz === other.clockRateHz &&
        format.channels === other.channels
      );
    })
  );
}

/** Whether the SDP of both is the same. */
export function sameDescription(a: readonly SdpTrack[], b: readonly SdpTrack[]): boolean {
  const text = (tracks: readonly SdpTrack[]): string =>
    JSON.stringify(tracks.map(({ format }) => format));
  return text(a) === text(b);
}
