import { NightjarError } from '@nightjar/common';
import type { CodecConfig } from '@nightjar/rtp';
import {
  EncodedAudioPacketSource,
  EncodedPacket,
  EncodedVideoPacketSource,
  MovOutputFormat,
  Mp4OutputFormat,
  NullTarget,
  Output,
} from 'mediabunny';
import { childBoxes, findBox } from './boxes.js';

/** One track of a segment. */
export interface InitTrack {
  readonly config: CodecConfig;
  /** Becomes the track's timescale. */
  readonly clockRateHz: number;
}

type VideoConfig = Extract<CodecConfig, { codec: 'h264' | 'h265' }>;
type AudioConfig = Exclude<CodecConfig, VideoConfig>;

const START_CODE = Buffer.from([0, 0, 0, 1]);

function addVideo(output: Output, config: VideoConfig): void {
  const sets =
    config.codec === 'h264' ? [config.sps, config.pps] : [config.vps, config.sps, config.pps];
  // mediabunny builds avcC and hvcC from the parameter sets of an Annex B packet.
  const annexB = Buffer.concat(sets.flatMap((set) => [START_CODE, set]));
  const avcProfile = Buffer.from(config.sps.subarray(1, 4)).toString('hex');
  output.addVideoTrack(new EncodedVideoPacketSource(config.codec === 'h264' ? 'avc' : 'hevc'), {
    decoderConfig: {
      // The HEVC string is checked for its form only; what a decoder reads is hvcC.
      codec: config.codec === 'h264' ? `avc1.${avcProfile}` : 'hvc1.1.6.L120.90',
      codedWidth: config.widthPx,
      codedHeight: config.heightPx,
    },
    primingPacket: new EncodedPacket(annexB, 'key', 0, 0),
  });
}

function addAudio(output: Output, config: AudioConfig): void {
  const shape = { sampleRate: config.sampleRateHz, numberOfChannels: config.channels };
  if (config.codec === 'aac') {
    output.addAudioTrack(new EncodedAudioPacketSource('aac'), {
      decoderConfig: { codec: 'mp4a.40.2', description: config.audioSpecificConfig, ...shape },
    });
  } else if (config.codec === 'opus') {
    output.addAudioTrack(new EncodedAudioPacketSource('opus'), {
      decoderConfig: { codec: 'opus', ...shape },
    });
  } else {
    const codec = config.codec === 'pcmu' ? 'ulaw' : 'alaw';
    output.addAudioTrack(new EncodedAudioPacketSource(codec), {
      decoderConfig: { codec, ...shape },
    });
  }
}

/** mediabunny picks timescales of its own; ours are the RTP clocks, so that ticks need no conversion. */
function setTimescales(moov: Buffer, tracks: readonly InitTrack[]): void {
  const root = findBox(moov, 'moov');
  let index = 0;
  for (const trak of childBoxes(moov, root?.bodyStart, root?.end)) {
    if (trak.type !== 'trak') continue;
    const mdia = findBox(moov, 'mdia', trak.bodyStart, trak.end);
    const mdhd = mdia && findBox(moov, 'mdhd', mdia.bodyStart, mdia.end);
    const track = tracks[index];
    if (mdhd === undefined || track === undefined) {
      throw new NightjarError(
        'internal',
        'containers/init',
        'the moov box does not match its tracks',
      );
    }
    // version and flags, then two times of 4 or 8 bytes, then the timescale: ISO/IEC 14496-12 s.8.4.2
    const at = mdhd.bodyStart + (moov.readUInt8(mdhd.bodyStart) === 1 ? 20 : 12);
    moov.writeUInt32BE(track.clockRateHz, at);
    index += 1;
  }
}

/**
 * `ftyp` and `moov` of a fragmented file with these tracks, in order, whose ticks are those of RTP. QuickTime brand when
 * a track is G.711 (MP4 has no sample entry for it), else ISO.
 * @throws NightjarError `containers/init` when a parameter set cannot be understood
 */
export async function encodeInitSegment(tracks: readonly InitTrack[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  const collect = (data: Uint8Array): void => {
    parts.push(Buffer.from(data));
  };
  const options = { fastStart: 'fragmented', onFtyp: collect, onMoov: collect } as const;
  const quickTime = tracks.some(({ config }) => config.codec === 'pcmu' || config.codec === 'pcma');
  const output = new Output({
    format: quickTime ? new MovOutputFormat(options) : new Mp4OutputFormat(options),
    target: new NullTarget(),
  });
  try {
    for (const { config } of tracks) {
      if (config.codec === 'h264' || config.codec === 'h265') addVideo(output, config);
      else addAudio(output, config);
    }
    await output.start();
    await output.finalize();
  } catch (error) {
    throw new NightjarError(
      'protocol',
      'containers/init',
      'no MP4 can be made of these parameter sets',
      {},
      error,
    );
  }
  const [ftyp, moov] = parts;
  if (ftyp === undefined || moov === undefined) {
    throw new NightjarError('internal', 'containers/init', 'the muxer gave no ftyp and moov');
  }
  setTimescales(moov, tracks);
  return Buffer.concat([ftyp, moov]);
}
