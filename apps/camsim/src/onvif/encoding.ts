import type { AudioEncoding, VideoEncoding } from '@nightjar/onvif';
import type { LoopTrack, MediaLoop } from '../media-loop.js';

/** What ONVIF says of the tracks of a loop. */
export function encodingsOf(loop: MediaLoop): { video: VideoEncoding; audio?: AudioEncoding } {
  const [first, ...others] = loop.tracks;
  const video = first?.config;
  if (first === undefined || video === undefined || !('widthPx' in video))
    throw new TypeError('track 0 of a loop is video');
  const sound = others.find(({ config }) => config.codec === 'aac');
  return {
    video: {
      codec: video.codec === 'h265' ? 'H265' : 'H264',
      widthPixels: video.widthPx,
      heightPixels: video.heightPx,
      framesPerSecond: first.format.clockRateHz / first.ticksPerUnit,
      gopFrames: first.units.length / first.units.filter(({ keyframe }) => keyframe).length,
      kilobitsPerSecond: Math.round(kilobits(first)),
    },
    ...(sound?.config.codec === 'aac' && {
      audio: {
        codec: 'MP4A-LATM' as const,
        sampleRateHz: sound.config.sampleRateHz,
        kilobitsPerSecond: Math.round(kilobits(sound)),
        channels: sound.config.channels,
      },
    }),
  };
}

function kilobits({ units, ticksPerUnit, format }: LoopTrack): number {
  const bytes = units.reduce(
    (sum, { packets }) => sum + packets.reduce((all, { length }) => all + length, 0),
    0,
  );
  const seconds = (units.length * ticksPerUnit) / format.clockRateHz;
  return (bytes * 8) / 1000 / seconds;
}
