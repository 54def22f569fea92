import type { SdpTrack } from '@nightjar/rtsp';

/**
 * Which tracks of another stream can take the place of those of a stream, under their payload types: those of the same
 * codec, clock and channels, each once.
 *
 * @returns by track of `other` the track of `own` that it stands for, or -1; undefined when the picture cannot be replaced
 */
export function matchTracks(
  own: readonly SdpTrack[],
  other: readonly SdpTrack[],
): readonly number[] | undefined {
  const taken = new Set<number>();
  const map = other.map(({ format }) => {
    const at = own.findIndex(
      (track, index) =>
        !taken.has(index) &&
        track.format.kind === format.kind &&
        track.format.encodingName.toLowerCase() === format.encodingName.toLowerCase() &&
        track.format.clockRateHz === format.clockRateHz &&
        track.format.channels === format.channels,
    );
    if (at >= 0) taken.add(at);
    return at;
  });
  const video = own.findIndex(({ format }) => format.kind === 'video');
  return taken.has(video < 0 ? 0 : video) ? map : undefined;
}
