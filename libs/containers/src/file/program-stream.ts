import type { SentConfig } from '@nightjar/rtp';
import { AC3, MPEG_AUDIO, type AudioFrame, type FrameHeader } from './audio-frames.js';
import { ByteWindow } from './byte-window.js';
import { lastStamp, stampBefore, type Stamp } from './clocked-bytes.js';
import { keyframeBefore } from './keyframe-search.js';
import { unsupported, type FileBytes, type MediaFile, type MediaFileUnit } from './media-file.js';
import { nextPes, PACK, readPes, type PesPacket } from './pes.js';
import { nextStartCode } from './start-codes.js';
import { FrameMaker, PictureMaker, type UnitMaker } from './program-units.js';

/** What is looked through for streams. */
const HEAD_BYTES = 4 * 1024 * 1024;
/** Substreams of private stream 1 that carry AC-3, as on a DVD, behind four bytes of header. */
const FIRST_AC3 = 0x80;
const LAST_AC3 = 0x87;
const AC3_HEADER_BYTES = 4;
const SEQUENCE_HEADER = Buffer.from([0, 0, 1, 0xb3]);
const WRAP_MS = 2 ** 33 / 90;
const ROUNDING_MS = 0.01;
/** What may wait until each track has something to send. */
const MAX_QUEUED_BYTES = 4 * 1024 * 1024;

/** One elementary stream that is played. */
interface Stream {
  readonly kind: 'video' | 'mpeg-audio' | 'ac3';
  readonly id: number;
  /** Of private stream 1. */
  readonly substream: number | undefined;
  readonly config: SentConfig;
}

/** An MPEG program stream, also as on a DVD: MPEG video with MPEG audio or AC-3 (ISO/IEC 11172-1, 13818-1). */
export class ProgramStreamFile implements MediaFile {
  readonly tracks: readonly SentConfig[];

  private constructor(
    private readonly source: FileBytes,
    private readonly streams: readonly Stream[],
    private readonly originMs: number,
    readonly durationMs: number | undefined,
  ) {
    this.tracks = streams.map(({ config }) => config);
  }

  /** @throws NightjarError 415 when it holds no stream that can be sent */
  static async open(source: FileBytes): Promise<ProgramStreamFile> {
    const window = new ByteWindow(source);
    const first = await nextStartCode(window, 0);
    if (first === undefined || (await window.view(first + 3, 1))[0] !== PACK)
      throw unsupported('the file is no MPEG program stream');
    const streams: Stream[] = [];
    const firstMs = new Map<number, number>();
    for (let pes = await nextPes(window, 0); pes !== undefined && pes.start < HEAD_BYTES;) {
      const payload = await window.view(pes.body, pes.end - pes.body);
      const stream = streamOf(pes, payload);
      if (stream !== undefined && !streams.some((other) => isLike(other, stream)))
        streams.push(stream);
      if (pes.ptsMs !== undefined && !firstMs.has(pes.id)) firstMs.set(pes.id, pes.ptsMs);
      pes = await nextPes(window, pes.end);
    }
    streams.sort((a, b) => Number(a.kind !== 'video') - Number(b.kind !== 'video'));
    const originMs = firstMs.get(streams[0]?.id ?? 0);
    if (originMs === undefined)
      throw unsupported('the file is no MPEG program stream with video or sound that can be sent');
    const last = await lastStamp(source, (bytes, start) => lastIn(bytes, start, streams[0]!.id));
    const durationMs = last === undefined ? undefined : wrapped(last.ms - originMs);
    const plausible = durationMs !== undefined && durationMs > 0 && durationMs < WRAP_MS / 2;
    return new ProgramStreamFile(source, streams, originMs, plausible ? durationMs : undefined);
  }

  get seekable(): boolean {
    return this.durationMs !== undefined;
  }

  async startAt(timeMs: number): Promise<number> {
    return await keyframeBefore(timeMs, (fromMs) => this.scan(fromMs));
  }

  async *units(fromMs: number): AsyncGenerator<MediaFileUnit> {
    const hasVideo = this.streams[0]!.kind === 'video';
    let begun = !hasVideo;
    for await (const unit of this.scan(fromMs)) {
      const inTime = unit.timeMs >= fromMs - ROUNDING_MS;
      if (unit.track === 0 && unit.keyframe && inTime) begun = true;
      // Pictures of the group before, that come after its keyframe, are shown before it.
      if (inTime && (begun || unit.track !== 0)) yield unit;
    }
  }

  close(): void {
    // Nothing is kept.
  }

  /** Units from somewhere before a time on, in the order in which they are to be sent. */
  private async *scan(fromMs: number): AsyncGenerator<MediaFileUnit> {
    const { source, streams } = this;
    const makers = streams.map(({ kind }, track) => makerOf(kind, track));
    const queue = new SendingOrder(streams.length);
    const window = new ByteWindow(source);
    let at = (await this.stampAt(fromMs))?.offset ?? 0;
    for (;;) {
      const pes = await nextPes(window, at);
      if (pes === undefined) break;
      at = pes.end;
      const payload = Buffer.from(await window.view(pes.body, pes.end - pes.body));
      const track = streams.findIndex((stream) => carries(stream, pes, payload[0]));
      const maker = makers[track];
      if (maker === undefined) continue;
      const skip = streams[track]!.substream === undefined ? 0 : AC3_HEADER_BYTES;
      for (const unit of maker.push(payload.subarray(skip), pes.ptsMs))
        queue.add(this.placed(unit));
      yield* queue.ready();
    }
    for (const maker of makers) for (const unit of maker.end()) queue.add(this.placed(unit));
    yield* queue.rest();
  }

  private async stampAt(fromMs: number): Promise<Stamp | undefined> {
    if (!this.seekable || fromMs <= 0) return undefined;
    const { id } = this.streams[0]!;
    return await stampBefore(this.source, fromMs, (bytes, start) => {
      const found = firstIn(bytes, start, id);
      return found && { offset: found.offset, ms: wrapped(found.ms - this.originMs) };
    });
  }

  private placed(unit: MediaFileUnit): MediaFileUnit {
    const shift = (ms: number): number => {
      const shifted = wrapped(ms - this.originMs);
      // A little before the origin is no turn of the clock.
      return shifted > WRAP_MS - 60_000 ? shifted - WRAP_MS : shifted;
    };
    return { ...unit, timeMs: shift(unit.timeMs), dueMs: shift(unit.dueMs) };
  }
}

/** Units of several tracks, put into the order in which they are to be sent. */
class SendingOrder {
  private readonly queues: MediaFileUnit[][];
  private bytes = 0;

  constructor(tracks: number) {
    this.queues = Array.from({ length: tracks }, () => []);
  }

  add(unit: MediaFileUnit): void {
    this.queues[unit.track]!.push(unit);
    this.bytes += unit.data.length;
  }

  /** What nothing that is still to come can precede, or what must go because too much waits. */
  *ready(): Generator<MediaFileUnit> {
    while (this.queues.every((queue) => queue.length > 0) || this.bytes > MAX_QUEUED_BYTES)
      yield this.take();
  }

  *rest(): Generator<MediaFileUnit> {
    while (this.queues.some((queue) => queue.length > 0)) yield this.take();
  }

  private take(): MediaFileUnit {
    let found: MediaFileUnit[] | undefined;
    for (const queue of this.queues)
      if (queue.length > 0 && queue[0]!.dueMs < (found?.[0]?.dueMs ?? Infinity)) found = queue;
    const unit = found!.shift()!;
    this.bytes -= unit.data.length;
    return unit;
  }
}

function makerOf(kind: Stream['kind'], track: number): UnitMaker {
  if (kind === 'video') return new PictureMaker(track);
  return new FrameMaker(track, kind === 'ac3' ? AC3 : MPEG_AUDIO);
}

/** The stream that a packet is of, where its payload tells what that is. */
function streamOf(pes: PesPacket, payload: Buffer): Stream | undefined {
  const { id, kind } = pes;
  if (kind === 'video') {
    if (!payload.includes(SEQUENCE_HEADER)) return undefined;
    return { kind, id, substream: undefined, config: { codec: 'mpeg-video' } };
  }
  if (kind === 'audio') {
    const frame = firstFrame(payload, MPEG_AUDIO);
    return frame && { kind: 'mpeg-audio', id, substream: undefined, config: frame.config };
  }
  const substream = payload[0] ?? 0;
  if (substream < FIRST_AC3 || substream > LAST_AC3) return undefined;
  const frame = firstFrame(payload.subarray(AC3_HEADER_BYTES), AC3);
  return frame && { kind: 'ac3', id, substream, config: frame.config };
}

function firstFrame(payload: Buffer, header: FrameHeader): AudioFrame | undefined {
  for (let at = 0; at + header.bytes <= payload.length; at += 1) {
    const frame = header.read(payload.subarray(at, at + header.bytes));
    if (frame !== undefined) return frame;
  }
  return undefined;
}

/** One video and one sound are played, the first of each. */
function isLike(a: Stream, b: Stream): boolean {
  return (a.kind === 'video') === (b.kind === 'video');
}

function carries({ id, substream }: Stream, pes: PesPacket, first: number | undefined): boolean {
  return pes.id === id && (substream === undefined || substream === first);
}

const START_CODE = Buffer.from([0, 0, 1]);

function firstIn(bytes: Buffer, start: number, id: number): Stamp | undefined {
  for (let at = bytes.indexOf(START_CODE); at >= 0; at = bytes.indexOf(START_CODE, at + 3)) {
    const stamp = stampOf(bytes, at, start, id);
    if (stamp !== undefined) return stamp;
  }
  return undefined;
}

function lastIn(bytes: Buffer, start: number, id: number): Stamp | undefined {
  for (let at = bytes.lastIndexOf(START_CODE); at >= 0;) {
    const stamp = stampOf(bytes, at, start, id);
    if (stamp !== undefined) return stamp;
    at = at === 0 ? -1 : bytes.lastIndexOf(START_CODE, at - 1);
  }
  return undefined;
}

function stampOf(bytes: Buffer, at: number, start: number, id: number): Stamp | undefined {
  if (bytes[at + 3] !== id) return undefined;
  const pes = readPes(bytes.subarray(at), start + at);
  return pes?.ptsMs === undefined ? undefined : { offset: pes.start, ms: pes.ptsMs };
}

function wrapped(ms: number): number {
  return ((ms % WRAP_MS) + WRAP_MS) % WRAP_MS;
}
