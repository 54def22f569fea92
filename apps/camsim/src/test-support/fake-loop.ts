import { encodeRtp } from '@nightjar/rtp';
import { blankFrameStamp, findFrameStamp } from '../frame-stamp.js';
import type { MediaLoop, UnitPackets } from '../media-loop.js';

const NOTHING = Buffer.alloc(0);

/** 25 pictures/s with a keyframe each four, two packets per picture, and AAC at 48 kHz. */
export function fakeLoop(videoPayloadType = 96): MediaLoop {
  const video = {
    kind: 'video',
    codec: 'h264',
    payloadType: videoPayloadType,
    clockRateHz: 90_000,
    channels: 0,
    encodingName: 'H264',
    fmtp: {},
  } as const;
  const audio = {
    kind: 'audio',
    codec: 'aac',
    payloadType: 97,
    clockRateHz: 48_000,
    channels: 1,
    encodingName: 'MPEG4-GENERIC',
    fmtp: {},
  } as const;
  return {
    tracks: [
      {
        config: { codec: 'h264', sps: NOTHING, pps: NOTHING, widthPx: 640, heightPx: 360 },
        format: video,
        ticksPerUnit: 3600,
        units: [0, 1, 2, 3].map((n) => unit(videoPayloadType, n === 0, 2)),
      },
      {
        config: { codec: 'aac', audioSpecificConfig: NOTHING, sampleRateHz: 48_000, channels: 1 },
        format: audio,
        ticksPerUnit: 1024,
        units: [unit(97, true, 1)],
      },
    ],
  };
}

function unit(payloadType: number, keyframe: boolean, count: number): UnitPackets {
  const packets = Array.from({ length: count }, (_, index) =>
    encodeRtp(
      { payloadType, sequence: 0, timestamp: 0, ssrc: 0, marker: index === count - 1 },
      index === 0 ? blankFrameStamp() : Buffer.alloc(100),
    ),
  );
  const [packet] = packets;
  return { keyframe, packets, stamp: { packet: packet!, offset: findFrameStamp(packet!) } };
}
