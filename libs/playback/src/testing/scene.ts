import { ManualClock } from '@nightjar/common';
import type { ArchivedSegment, RecordedUnit, SegmentReader } from '@nightjar/recording';
import { BlockPool, type PlayRequest, type StreamOutput } from '@nightjar/relay';
import {
  replayFieldsOf,
  payloadStartOf,
  sequenceOf,
  timestampOf,
  type ReplayFields,
  type TrackFormat,
} from '@nightjar/rtp';
import { Footage } from '../footage.js';
import { PlaybackStream } from '../playback-stream.js';
import { Timeline } from '../timeline.js';
import { Turns } from '../turns.js';

/** G.711 in units of 20 ms, a "keyframe" every second: small enough to see every packet. */
export const FORMAT: TrackFormat = {
  kind: 'audio',
  codec: 'pcmu',
  payloadType: 0,
  clockRateHz: 8000,
  channels: 1,
  encodingName: 'PCMU',
  fmtp: {},
};
export const SECOND_FORMAT: TrackFormat = {
  ...FORMAT,
  codec: 'pcma',
  payloadType: 8,
  encodingName: 'PCMA',
};
export const UNIT_MS = 20;
export const KEY_MS = 1000;

const PLAIN: PlayRequest = {
  range: undefined,
  scale: undefined,
  speed: undefined,
  rateControl: undefined,
  frames: undefined,
  immediate: false,
  cseq: 0,
  required: [],
};

export interface SentUnit {
  readonly track: number;
  readonly sequence: number;
  readonly timestamp: number;
  /** Wall time of a unit in steps of {@link UNIT_MS}. */
  readonly unit: number;
  readonly replay: ReplayFields | undefined;
  readonly atMs: number;
}

/** A segment of the made-up archive; `grow` lets it reach further. */
export interface SceneSegment {
  readonly startMs: number;
  endMs: number;
  readonly formats?: readonly TrackFormat[];
  open?: boolean;
}

export interface SceneOptions {
  /** Tracks of the presentation. */
  readonly formats?: readonly TrackFormat[];
  readonly startMs?: number;
  readonly growing?: boolean;
  readonly gaps?: 'skip' | 'real';
  /** End of the range of one that grows, wall time; none: open. */
  readonly limitMs?: number;
  /** What our clock says at the start. */
  readonly wallMs?: number;
}

/** One playback session over a made-up archive, with a clock that is turned by hand and an output that keeps all. */
export class Scene {
  readonly clock: ManualClock;
  readonly sent: SentUnit[] = [];
  readonly reports: Buffer[] = [];
  readonly errors: unknown[] = [];
  /** Times that play stopped by itself. */
  stopped = 0;
  ended = 0;
  behind = false;
  drain: () => void = () => undefined;
  notify: StreamOutput['notify'];
  transport: 'tcp' | 'udp' = 'tcp';
  unitBytes = UNIT_MS * 8;
  /** Bytes of media that went out with each flush. */
  readonly flushed: number[] = [];
  readonly missing = new Set<number>();
  /** Segments opened and not closed again. */
  openFiles = 0;
  readonly footage: Footage;
  readonly stream: PlaybackStream;

  constructor(
    readonly segments: SceneSegment[],
    {
      formats = [FORMAT],
      startMs = segments[0]!.startMs,
      growing = false,
      gaps = 'skip',
      limitMs = Infinity,
      wallMs = segments.at(-1)!.endMs,
    }: SceneOptions = {},
  ) {
    this.clock = new ManualClock(wallMs);
    const { clock } = this;
    const archive = {
      walk: (_camera: string, _stream: string, atMs: number, order: 'up' | 'down') =>
        this.walk(atMs, order),
      open: (entry: ArchivedSegment) => this.open(entry),
      growing: () => this.growing,
    };
    const [camera, stream] = ['c', 's'];
    const endMs = growing ? limitMs : segments.at(-1)!.endMs;
    this.footage = new Footage({ archive, camera, stream, startMs, endMs });
    this.stream = new PlaybackStream({
      footage: this.footage,
      timeline: new Timeline(segments, startMs, endMs, { gaps, growing }),
      tracks: formats.map((format) => ({ format, control: '', direction: 'recvonly' })),
      output: this.output(),
      clock,
      turns: new Turns(),
      blocks: new BlockPool(),
      cname: 'test',
      live: growing ? { archive, camera, stream, clock } : undefined,
      catchUp: (timeline) => {
        for (const segment of segments) timeline.append(segment);
        return Promise.resolve();
      },
      onError: (error) => this.errors.push(error),
      onClose: () => undefined,
    });
  }

  play(request: Partial<PlayRequest> = {}): ReturnType<PlaybackStream['play']> {
    return this.stream.play({ ...PLAIN, ...request });
  }

  /** Lets everything happen that needs no time. */
  async turn(): Promise<void> {
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  async pass(ms: number): Promise<void> {
    for (let at = 0; at < ms; at += UNIT_MS) {
      await this.turn();
      this.clock.advance(UNIT_MS);
    }
    await this.turn();
  }

  /** Units sent on a track; only the first packet of a unit carries its number. */
  units(track = 0): number[] {
    return this.sent.filter((one) => one.track === track && one.unit > 0).map(({ unit }) => unit);
  }

  private get growing(): { path: string; startMs: number; endMs: number } | undefined {
    const segment = this.segments.find(({ open }) => open === true);
    return segment && { path: `${segment.startMs}`, ...segment };
  }

  private async *walk(atMs: number, order: 'up' | 'down'): AsyncGenerator<ArchivedSegment> {
    const entries = this.segments.map((segment, sequence) => ({
      volume: 'main',
      path: `${segment.startMs}`,
      camera: 'c',
      stream: 's',
      run: 'r',
      sequence,
      startMs: segment.startMs,
      endMs: segment.endMs,
      open: segment.open === true,
    }));
    const chosen =
      order === 'up'
        ? entries.filter(({ endMs }) => endMs > atMs)
        : entries.filter(({ startMs }) => startMs <= atMs).toReversed();
    for (const entry of chosen) {
      await Promise.resolve();
      yield entry;
    }
  }

  private open(entry: ArchivedSegment): Promise<SegmentReader> {
    if (this.missing.has(entry.startMs))
      return Promise.reject(Object.assign(new Error('gone'), { code: 'ENOENT' }));
    this.openFiles += 1;
    const segment = this.segments.find(({ startMs }) => startMs === entry.startMs)!;
    return Promise.resolve(
      new SceneReader(segment, this.unitBytes, () => {
        this.openFiles -= 1;
      }) as unknown as SegmentReader,
    );
  }

  private output(): StreamOutput {
    let unflushed = 0;
    const took = (track: number, packet: Buffer): void => {
      unflushed += packet.length;
      this.sent.push({
        track,
        sequence: sequenceOf(packet, 0),
        timestamp: timestampOf(packet, 0),
        unit: packet.readUInt16BE(payloadStartOf(packet, 0)),
        replay: replayFieldsOf(packet),
        atMs: this.clock.monotonicMs(),
      });
    };
    // eslint-disable-next-line typescript/no-this-alias -- getters of the object below read the scene
    const scene = this;
    return {
      get transport() {
        return scene.transport;
      },
      ssrc: () => 77,
      get notify() {
        return scene.notify;
      },
      queuedBytes: 0,
      batch: ({ bytes, count, offsets, lengths, tracks }) => {
        for (let i = 0; i < count; i++)
          took(tracks[i]!, bytes.subarray(offsets[i], offsets[i]! + lengths[i]!));
      },
      send: (track, packet, rtcp) => {
        if (rtcp) this.reports.push(packet);
        else took(track, packet);
      },
      flush: () => {
        this.flushed.push(unflushed);
        unflushed = 0;
        return !this.behind;
      },
      drained: () =>
        new Promise((resolve) => {
          this.drain = resolve;
        }),
      stopped: () => {
        this.stopped += 1;
      },
      end: () => {
        this.ended += 1;
      },
      cut: () => undefined,
    };
  }
}

/** What the player needs of a segment reader. */
class SceneReader {
  readonly header: { readonly tracks: readonly TrackFormat[] };
  readonly startMs: number;
  private seenMs: number;

  constructor(
    private readonly segment: SceneSegment,
    private readonly unitBytes: number,
    readonly onClose: () => void,
  ) {
    this.header = { tracks: segment.formats ?? [FORMAT] };
    this.startMs = segment.startMs;
    this.seenMs = segment.endMs;
  }

  get endMs(): number {
    return this.seenMs;
  }

  get closed(): boolean {
    return this.segment.open !== true;
  }

  get keyframes(): { ticks: number; offset: number }[] {
    const count = Math.ceil((this.seenMs - this.startMs) / KEY_MS);
    return Array.from({ length: count }, (_, i) => ({ ticks: i * KEY_MS * 8, offset: 0 }));
  }

  wallMs(_track: number, ticks: number): number {
    return this.startMs + ticks / 8;
  }

  keyframeAt(wallMs: number): { wallMs: number } {
    return { wallMs: this.keyMs(wallMs) };
  }

  async *unitsFrom(wallMs: number, more?: () => Promise<boolean>): AsyncGenerator<RecordedUnit> {
    let at = this.keyMs(wallMs);
    for (;;) {
      for (; at < this.seenMs; at += UNIT_MS) {
        await Promise.resolve();
        for (const track of this.header.tracks.keys()) yield this.unit(track, at);
      }
      if (more === undefined || (this.closed && this.seenMs === this.segment.endMs)) return;
      if (!(await more())) return;
      this.seenMs = this.segment.endMs;
    }
  }

  async refresh(): Promise<boolean> {
    await Promise.resolve();
    this.seenMs = this.segment.endMs;
    return true;
  }

  keyframeUnit({ ticks }: { ticks: number }): Promise<RecordedUnit> {
    return Promise.resolve(this.unit(0, this.wallMs(0, ticks)));
  }

  async *gopUnits({ ticks }: { ticks: number }): AsyncGenerator<RecordedUnit> {
    const fromMs = this.wallMs(0, ticks);
    const endMs = Math.min(fromMs + KEY_MS, this.seenMs);
    for (let at = fromMs; at < endMs; at += UNIT_MS) {
      await Promise.resolve();
      yield this.unit(0, at);
    }
  }

  close(): Promise<void> {
    this.onClose();
    return Promise.resolve();
  }

  private keyMs(wallMs: number): number {
    return this.startMs + Math.max(0, Math.floor((wallMs - this.startMs) / KEY_MS)) * KEY_MS;
  }

  private unit(track: number, atMs: number): RecordedUnit {
    const data = Buffer.alloc(this.unitBytes);
    data.writeUInt16BE(atMs / UNIT_MS);
    return {
      track,
      ticks: (atMs - this.startMs) * 8,
      durationTicks: UNIT_MS * 8,
      keyframe: (atMs - this.startMs) % KEY_MS === 0,
      wallMs: atMs,
      data,
    };
  }
}
