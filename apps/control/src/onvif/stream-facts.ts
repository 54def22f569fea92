import { NightjarError, type Clock } from '@nightjar/common';
import type { AudioEncoding, VideoEncoding } from '@nightjar/onvif';
import { StoredFootage } from '@nightjar/playback';
import type { ArchivedSegment, SegmentReader } from '@nightjar/recording';
import { configOf, type CodecConfig, type TrackFormat } from '@nightjar/rtp';

/** What a stream is made of, by its recordings. */
export interface StreamFacts {
  readonly video?: VideoEncoding;
  readonly audio?: AudioEncoding;
}

type Volumes = () => Readonly<Record<string, { readonly path: string }>>;

/** Encoders are set anew seldom. */
const GOOD_FOR_MS = 300_000;
/** What is not known yet may be in a minute. */
const UNKNOWN_FOR_MS = 15_000;
const MAX_KEPT = 2_000;
const AAC_FRAME_SAMPLES = 1024;
const MAX_GOP_FRAMES = 10_000;

/** Reads from the newest segment of a stream what clients want to know of it. Nothing is known of a stream that was never recorded. */
export class RecordedFacts {
  private readonly kept = new Map<
    string,
    { readonly untilMs: number; readonly facts: StreamFacts }
  >();

  constructor(
    private readonly volumes: Volumes,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
  ) {}

  /** Of several streams, in their order. */
  async of(
    streams: readonly { readonly camera: string; readonly stream: string }[],
  ): Promise<StreamFacts[]> {
    const nowMs = this.clock.monotonicMs();
    let footage: StoredFootage | undefined;
    const all: StreamFacts[] = [];
    for (const { camera, stream } of streams) {
      const key = `${camera}/${stream}`;
      const known = this.kept.get(key);
      if (known !== undefined && nowMs < known.untilMs) {
        all.push(known.facts);
        continue;
      }
      footage ??= await StoredFootage.open(this.volumes());
      const facts = await newestFacts(footage, camera, stream);
      if (this.kept.size >= MAX_KEPT) this.kept.clear();
      const isKnown = (facts.video?.framesPerSecond ?? 0) > 0;
      this.kept.set(key, { untilMs: nowMs + (isKnown ? GOOD_FOR_MS : UNKNOWN_FOR_MS), facts });
      all.push(facts);
    }
    return all;
  }

  /** Of the footage at a time: that of the segment which holds it. */
  async at(camera: string, stream: string, atMs: number): Promise<StreamFacts> {
    const footage = await StoredFootage.open(this.volumes());
    const [segment] = await footage.archive.list(camera, stream, atMs, atMs + 1);
    return readFacts(footage, segment);
  }
}

/** Of the newest segment that is closed, for only that one knows how many pictures it has; else of the growing one. */
async function newestFacts(
  footage: StoredFootage,
  camera: string,
  stream: string,
): Promise<StreamFacts> {
  const last = await footage.archive.last(camera, stream);
  const facts = await readFacts(footage, last);
  if (last === undefined || (facts.video?.framesPerSecond ?? 0) > 0) return facts;
  for await (const before of footage.archive.walk(camera, stream, last.startMs - 1, 'down')) {
    const older = await readFacts(footage, before);
    return older.video === undefined ? facts : older;
  }
  return facts;
}

async function readFacts(
  footage: StoredFootage,
  segment: ArchivedSegment | undefined,
): Promise<StreamFacts> {
  if (segment === undefined) return {};
  try {
    const reader = await footage.archive.open(segment);
    try {
      return factsOf(reader);
    } finally {
      await reader.close();
    }
  } catch (error) {
    // Retention may have taken it meanwhile; a damaged one tells nothing.
    if (error instanceof NightjarError || (error as NodeJS.ErrnoException).code === 'ENOENT')
      return {};
    throw error;
  }
}

/** Rates are means over the segment. */
function factsOf(reader: SegmentReader): StreamFacts {
  const { header, index, keyframes } = reader;
  const seconds = (reader.endMs - reader.startMs) / 1000;
  const sound = header.tracks.find(({ kind }) => kind === 'audio');
  const video = header.tracks.find(({ kind }) => kind === 'video');
  const config = video && configOf(video);
  const audio = sound && audioOf(sound);
  if (config === undefined || !('widthPx' in config) || !(seconds > 0))
    return { ...(audio && { audio }) };
  const audioFrames =
    sound?.codec === 'aac' ? (seconds * sound.clockRateHz) / AAC_FRAME_SAMPLES : 0;
  const frames = index === undefined ? undefined : index.samples - audioFrames;
  const framesPerSecond = frames === undefined || sound?.codec === 'other' ? 0 : frames / seconds;
  const gop = (framesPerSecond * seconds) / Math.max(1, keyframes.length);
  const encoding: VideoEncoding = {
    codec: CODECS[config.codec],
    widthPixels: config.widthPx,
    heightPixels: config.heightPx,
    framesPerSecond: Math.round(framesPerSecond * 10) / 10,
    gopFrames: Math.min(MAX_GOP_FRAMES, Math.max(1, Math.round(gop))),
    kilobitsPerSecond: Math.round((reader.mediaEnd * 8) / 1000 / seconds),
  };
  return { video: encoding, ...(audio && { audio }) };
}

const CODECS = { h264: 'H264', h265: 'H265' } as const satisfies Partial<
  Record<CodecConfig['codec'], string>
>;

const AUDIO: Partial<Record<TrackFormat['codec'], AudioEncoding['codec']>> = {
  aac: 'MP4A-LATM',
  pcmu: 'PCMU',
  pcma: 'PCMA',
  opus: 'OPUS',
};

/** G.711 has one bit rate; of others it is not worth counting. */
const TYPICAL_KBPS = 64;

function audioOf({ codec, clockRateHz, channels }: TrackFormat): AudioEncoding | undefined {
  const name = AUDIO[codec];
  if (name === undefined) return undefined;
  return {
    codec: name,
    sampleRateHz: clockRateHz,
    kilobitsPerSecond: TYPICAL_KBPS * Math.max(1, channels),
    channels: Math.max(1, channels),
  };
}
