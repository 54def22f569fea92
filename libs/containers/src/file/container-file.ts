import { NightjarError } from '@nightjar/common';
import type { SentConfig } from '@nightjar/rtp';
import {
  CustomSource,
  EncodedPacketSink,
  Input,
  MATROSKA,
  MP4,
  OGG,
  QTFF,
  WAVE,
  WEBM,
  type EncodedPacket,
  type InputTrack,
} from 'mediabunny';
import { describeTrack, type ContainerTrack } from './container-track.js';
import { DueClock } from './due-clock.js';
import {
  broken,
  unsupported,
  type FileBytes,
  type MediaFile,
  type MediaFileUnit,
} from './media-file.js';

/** Formats whose reader holds tables of what is in the file, not the file. Playlists, which name other files, are none. */
const FORMATS = [MP4, QTFF, MATROSKA, WEBM, OGG, WAVE];
/** Memory for parts of the file that were read. */
const CACHE_BYTES = 4 * 1024 * 1024;
/** Tracks that are sent of one file. */
const MAX_TRACKS = 8;

interface Track extends ContainerTrack {
  readonly sink: EncodedPacketSink;
}

/** The files that mediabunny reads. */
export class ContainerFile implements MediaFile {
  readonly tracks: readonly SentConfig[];
  readonly seekable = true;

  private constructor(
    private readonly input: Input,
    private readonly read: readonly Track[],
    readonly durationMs: number,
    private readonly originMs: number,
  ) {
    this.tracks = read.map(({ config }) => config);
  }

  /**
   * Reads the tables of a file.
   * @throws NightjarError 415 when nothing in it can be sent, `data-loss` when it is broken
   */
  static async open(source: FileBytes): Promise<ContainerFile> {
    const input = inputOf(source);
    try {
      if (!(await isReadable(input)))
        throw unsupported('the file is not of the kind its name says');
      const all = await input.getTracks();
      const read: Track[] = [];
      const sources: typeof all = [];
      for (const track of all.slice(0, 4 * MAX_TRACKS)) {
        const described = read.length < MAX_TRACKS ? await describeTrack(track) : undefined;
        if (described === undefined) continue;
        sources.push(track);
        read.push({ ...described, sink: new EncodedPacketSink(track) });
      }
      if (read.length === 0) throw unsupported('no track of the file can be sent');
      const originMs = await originOf(input, sources[read.indexOf(leadingOf(read))]!, sources);
      const endMs = (await input.computeDuration(sources)) * 1000;
      return new ContainerFile(input, read, Math.max(0, endMs - originMs), originMs);
    } catch (error) {
      input.dispose();
      throw asOurs(error);
    }
  }

  async startAt(timeMs: number): Promise<number> {
    try {
      const { sink } = this.leading;
      const at = { metadataOnly: true };
      const packet =
        (await sink.getKeyPacket(this.secondsOf(timeMs), at)) ?? (await sink.getFirstKeyPacket(at));
      if (packet === null) throw broken('the file has no keyframe', 0);
      return Math.max(0, this.msOf(packet));
    } catch (error) {
      throw asOurs(error);
    }
  }

  async *units(fromMs: number): AsyncGenerator<MediaFileUnit> {
    try {
      const queues: TrackQueue[] = [];
      for (const [index, track] of this.read.entries()) {
        const first = await this.firstPacket(track, fromMs);
        if (first !== null) queues.push(new TrackQueue(index, track, first, this.originMs));
      }
      for (;;) {
        const next = earliest(queues);
        if (next?.head === undefined) return;
        yield next.head;
        await next.advance();
      }
    } catch (error) {
      throw asOurs(error);
    }
  }

  close(): void {
    this.input.dispose();
  }

  private get leading(): Track {
    return leadingOf(this.read);
  }

  private async firstPacket(track: Track, fromMs: number): Promise<EncodedPacket | null> {
    const { sink } = track;
    const seconds = this.secondsOf(fromMs);
    if (track === this.leading)
      return (await sink.getKeyPacket(seconds)) ?? (await sink.getFirstKeyPacket());
    const packet = await sink.getPacket(seconds);
    if (packet === null) return await sink.getFirstPacket();
    // What began before the picture is left out, unless it is still heard.
    return packet.timestamp + packet.duration > seconds ? packet : await sink.getNextPacket(packet);
  }

  private secondsOf(timeMs: number): number {
    // Times of keyframes come back a little rounded.
    return (timeMs + this.originMs + ROUNDING_MS) / 1000;
  }

  private msOf({ timestamp }: EncodedPacket): number {
    return timestamp * 1000 - this.originMs;
  }
}

/** The track whose keyframes are where play can begin. */
function leadingOf(tracks: readonly Track[]): Track {
  const isVideo = ({ config }: Track): boolean => 'widthPx' in config || VIDEO.has(config.codec);
  return tracks.find(isVideo) ?? tracks[0]!;
}

/** Play time 0: the first picture, or sound that is long before it. What encoders put before the sound is not meant to be heard. */
async function originOf(
  input: Input,
  leading: InputTrack,
  all: readonly InputTrack[],
): Promise<number> {
  const leadingMs = (await leading.getFirstTimestamp()) * 1000;
  const firstMs = (await input.getFirstTimestamp([...all])) * 1000;
  return leadingMs - firstMs > MAX_PRIMING_MS ? firstMs : leadingMs;
}

const MAX_PRIMING_MS = 500;

const VIDEO: ReadonlySet<string> = new Set(['vp8', 'av1']);
const ROUNDING_MS = 0.01;

/** The units of one track that are still to come. */
class TrackQueue {
  private readonly clock = new DueClock();
  private units: MediaFileUnit[] = [];

  constructor(
    private readonly index: number,
    private readonly track: Track,
    private packet: EncodedPacket,
    private readonly originMs: number,
  ) {
    this.load();
  }

  get head(): MediaFileUnit | undefined {
    return this.units[0];
  }

  /** Goes on behind the head. */
  async advance(): Promise<void> {
    this.units.shift();
    if (this.units.length > 0) return;
    const next = await this.track.sink.getNextPacket(this.packet);
    if (next === null) return;
    this.packet = next;
    this.load();
  }

  private load(): void {
    const { packet, track, index, originMs } = this;
    const timeMs = packet.timestamp * 1000 - originMs;
    const dueMs = this.clock.next(timeMs, packet.duration * 1000);
    const keyframe = packet.type === 'key';
    this.units = piecesOf(track.unitOf(packet.data), track.samples).map(({ data, ms }) => ({
      track: index,
      data,
      keyframe,
      timeMs: timeMs + ms,
      dueMs: dueMs + ms,
    }));
  }
}

/** Sound without frames of its own in pieces of about this length (RFC 3551 s.4.2). */
const PIECE_SECONDS = 0.02;

/** The data in pieces, with the time of each behind the first. */
function piecesOf(
  data: Uint8Array,
  samples: ContainerTrack['samples'],
): { readonly data: Uint8Array; readonly ms: number }[] {
  if (samples === undefined) return [{ data, ms: 0 }];
  const { bytes, rateHz } = samples;
  const count = Math.floor(data.length / bytes);
  const pieces = Math.max(1, Math.round(count / rateHz / PIECE_SECONDS));
  const each = Math.max(1, Math.ceil(count / pieces));
  return Array.from({ length: Math.ceil(count / each) }, (_, i) => ({
    data: data.subarray(i * each * bytes, (i + 1) * each * bytes),
    ms: ((i * each) / rateHz) * 1000,
  }));
}

function earliest(queues: readonly TrackQueue[]): TrackQueue | undefined {
  let found: TrackQueue | undefined;
  for (const queue of queues)
    if ((queue.head?.dueMs ?? Infinity) < (found?.head?.dueMs ?? Infinity)) found = queue;
  return found;
}

function inputOf(source: FileBytes): Input {
  return new Input({
    formats: FORMATS,
    source: new CustomSource({
      getSize: () => source.sizeBytes,
      read: async (start, end) => {
        const bytes = await source.read(start, end - start);
        if (bytes.length < end - start) throw broken('the file became shorter', start);
        return bytes;
      },
      maxCacheSize: CACHE_BYTES,
      prefetchProfile: 'fileSystem',
      // Reading ahead after the end of play: nobody waits for it.
      handleUnhandledError: () => undefined,
    }),
  });
}

/** What is too short to be told from anything makes the library fail. @throws NightjarError of who reads the bytes */
async function isReadable(input: Input): Promise<boolean> {
  try {
    return await input.canRead();
  } catch (error) {
    if (error instanceof NightjarError) throw error;
    return false;
  }
}

function asOurs(error: unknown): NightjarError {
  return error instanceof NightjarError ? error : broken('the file cannot be read', 0, error);
}
