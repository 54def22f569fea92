import { NightjarError, type Clock } from '@nightjar/common';
import type {
  BlockPool,
  MountStream,
  PlayAnswer,
  PlayRequest,
  StreamOutput,
} from '@nightjar/relay';
import { printRange, type Range, type SdpTrack } from '@nightjar/rtsp';
import type { TrackFormat } from '@nightjar/rtp';
import type { RecordedUnit } from '@nightjar/recording';
import type { Footage } from './footage.js';
import { MediaTime } from './media-time.js';
import { Outbox } from './outbox.js';
import { Pacer } from './pacer.js';
import type { Timeline } from './timeline.js';
import { TrackSender } from './track-sender.js';
import type { Turns } from './turns.js';

/** Distance in media time between the last frame before a seek and the first one after it. */
const SEEK_LEAD_MS = 40;
/** Units stand in decode order: one this far behind the end has none before the end after it. */
const REORDER_MS = 2_000;
/** What a replay without pacing sends in one turn of the event loop: a fraction of a millisecond of work, one write. */
const SLICE_BYTES = 64 * 1024;

export interface PlaybackStreamOptions {
  readonly footage: Footage;
  readonly timeline: Timeline;
  readonly tracks: readonly SdpTrack[];
  readonly output: StreamOutput;
  readonly clock: Clock;
  /** Shared by all that replay without pacing. */
  readonly turns: Turns;
  /** Memory that packets are sent from; shared. */
  readonly blocks: BlockPool;
  readonly cname: string;
  /** Reading or sending failed; the session has been ended. */
  readonly onError: (error: unknown) => void;
  readonly onClose: () => void;
}

/** One pass over the footage, from a seek to the next or to the end. */
interface Pass {
  readonly pacer: Pacer;
  /** False: nothing but the client's own speed holds units back (`Rate-Control: no`). */
  paced: boolean;
  /** Wall time, excluded. */
  readonly endMs: number;
  ended: boolean;
  done: Promise<void>;
}

/** Plays one range of one stream to one RTSP session: PLAY, PAUSE and seeking (RFC 2326 s.10.5, 10.6). */
export class PlaybackStream implements MountStream {
  private readonly senders: readonly TrackSender[];
  private readonly outbox: Outbox;
  private readonly time: MediaTime;
  private pass: Pass | undefined;
  /** Resolves when a paused pass may go on. */
  private gate: { readonly opened: Promise<void>; readonly open: () => void } | undefined;
  private positionMs: number;
  private closed = false;

  constructor(private readonly options: PlaybackStreamOptions) {
    const { tracks, output, clock, blocks, cname, timeline } = options;
    this.outbox = new Outbox(output, clock, blocks);
    this.senders = tracks.map(
      ({ format }, track) => new TrackSender(track, format, this.outbox, output.ssrc(track), cname),
    );
    this.time = new MediaTime(timeline);
    this.positionMs = timeline.startMs;
  }

  async play({ range, rateControl }: PlayRequest): Promise<PlayAnswer> {
    // UDP has no flow control that could set the speed: it keeps to real time, and the answer says so.
    const paced = rateControl === 'yes' || this.options.output.transport !== 'tcp';
    if (range === undefined && this.pass !== undefined && !this.pass.ended) {
      this.changePace(this.pass, paced);
      this.resume();
      return this.answer(this.positionMs, this.pass, undefined);
    }
    const wasPaused = this.gate !== undefined;
    // From here on nothing of the old place may be sent: it would follow the answer.
    this.suspend();
    try {
      return await this.seek(range, paced);
    } catch (error) {
      if (!wasPaused) this.resume();
      throw error;
    }
  }

  pause(): Promise<{ readonly range?: string }> {
    this.suspend();
    const endMs = this.pass?.endMs ?? this.options.timeline.endMs;
    return Promise.resolve({ range: this.printRange(this.positionMs, endMs, undefined) });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    void this.endPass();
    this.options.onClose();
  }

  /** Ends the present pass and begins one at the keyframe at or before the range's start. */
  private async seek(range: Range | undefined, paced: boolean): Promise<PlayAnswer> {
    const keyframeMs = await this.options.footage.keyframeAt(this.startOf(range));
    if (keyframeMs === undefined) throw outside();
    const endMs = this.endOf(range);
    if (endMs <= keyframeMs) throw outside();
    await this.endPass();
    this.time.moveTo(keyframeMs, SEEK_LEAD_MS);
    this.positionMs = keyframeMs;
    const pacer = new Pacer(this.options.clock, 1);
    const pass: Pass = { pacer, paced, endMs, ended: false, done: Promise.resolve() };
    const answer = this.answer(keyframeMs, pass, range);
    this.pass = pass;
    for (const sender of this.senders) sender.restart();
    pass.done = this.run(pass, keyframeMs).catch((error: unknown) => this.failed(error));
    return answer;
  }

  private async run(pass: Pass, fromMs: number): Promise<void> {
    const { footage, output, tracks } = this.options;
    let senders: readonly (TrackSender | undefined)[] = [];
    const slice = new Slice();
    for await (const event of footage.from(fromMs)) {
      if (pass.ended) return;
      if (event.kind === 'segment') {
        await this.send(pass, slice);
        senders = matchTracks(event.tracks, tracks).map((track) => this.senders[track]);
        event.tracks.forEach((format, index) => senders[index]?.describe(format));
        continue;
      }
      const { unit } = event;
      if (unit.wallMs >= pass.endMs + REORDER_MS) break;
      if (unit.wallMs >= pass.endMs) continue;
      slice.add(unit, senders[unit.track]);
      if (pass.paced || slice.bytes >= SLICE_BYTES) await this.send(pass, slice);
    }
    await this.send(pass, slice);
    if (pass.ended) return;
    pass.ended = true;
    output.end();
  }

  /** Sends what was collected when its time has come; what a seek has overtaken meanwhile stays unsent. */
  private async send(pass: Pass, slice: Slice): Promise<void> {
    const [first] = slice.units;
    if (first === undefined || pass.ended) return;
    await this.turn(pass, this.time.at(first.unit.wallMs));
    if (pass.ended) return;
    this.outbox.recycle();
    for (const { unit, sender } of slice.units) {
      // A sender report relates media time to the time of sending, which means nothing to a client that sets the speed.
      sender?.send(unit, this.time.at(unit.wallMs), pass.paced);
      this.positionMs = unit.wallMs;
    }
    slice.clear();
    if (!this.outbox.flush()) await this.options.output.drained();
  }

  /** Waits for the unit's time, or for a turn of the event loop, and as long as play is paused. */
  private async turn(pass: Pass, mediaMs: number): Promise<void> {
    for (;;) {
      const gate = this.gate;
      if (gate !== undefined) {
        await gate.opened;
        pass.pacer.restart();
      }
      await (pass.paced ? pass.pacer.due(mediaMs) : this.options.turns.next());
      if (this.gate === undefined || pass.ended) return;
    }
  }

  private changePace(pass: Pass, paced: boolean): void {
    if (pass.paced === paced) return;
    pass.paced = paced;
    pass.pacer.restart();
    pass.pacer.cancel();
  }

  private suspend(): void {
    if (this.gate !== undefined) return;
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.gate = { opened, open };
    this.pass?.pacer.cancel();
  }

  private resume(): void {
    this.gate?.open();
    this.gate = undefined;
  }

  private async endPass(): Promise<void> {
    const { pass } = this;
    this.pass = undefined;
    if (pass !== undefined) {
      pass.ended = true;
      pass.pacer.cancel();
    }
    this.resume();
    await pass?.done;
  }

  private failed(error: unknown): void {
    this.options.onError(error);
    this.options.output.cut('playback-failed');
  }

  /** Wall time. @throws NightjarError with status 457 when it lies outside the footage */
  private startOf(range: Range | undefined): number {
    const { timeline } = this.options;
    if (range === undefined) return timeline.startMs;
    switch (range.unit) {
      case 'npt': {
        const seconds = range.start;
        if (seconds === 'now' || seconds === undefined) return timeline.startMs;
        if (seconds < 0 || seconds * 1000 >= timeline.durationMs) throw outside();
        return timeline.wallAt(seconds * 1000);
      }
      case 'clock':
        if (range.start >= timeline.endMs) throw outside();
        // Inside a hole, or before everything: the footage after it.
        return timeline.wallAt(timeline.nptAt(range.start));
      case 'other':
        throw new NightjarError('invalid', 'playback/range-unit', 'unknown range unit', {
          status: 501,
        });
    }
  }

  /** Wall time, excluded; that of the recording when the range is open. */
  private endOf(range: Range | undefined): number {
    const { timeline } = this.options;
    if (range === undefined || range.unit === 'other' || range.end === undefined) {
      return timeline.endMs;
    }
    const endMs = range.unit === 'npt' ? timeline.wallAt(range.end * 1000) : range.end;
    return Math.min(endMs, timeline.endMs);
  }

  private answer(
    startMs: number,
    { endMs, paced }: Pick<Pass, 'endMs' | 'paced'>,
    range: Range | undefined,
  ): PlayAnswer {
    const mediaMs = this.time.at(startMs);
    return {
      range: this.printRange(startMs, endMs, range),
      scale: 1,
      rateControl: paced ? 'yes' : 'no',
      rtpInfo: this.senders.map((sender) => ({
        track: sender.track,
        seq: sender.sequence,
        rtptime: sender.timestampAt(mediaMs),
      })),
    };
  }

  /** In the unit that the client used. */
  private printRange(startMs: number, endMs: number, range: Range | undefined): string {
    const { timeline } = this.options;
    if (range?.unit === 'clock') return printRange({ unit: 'clock', start: startMs, end: endMs });
    const seconds = (wallMs: number): number => timeline.nptAt(wallMs) / 1000;
    return printRange({ unit: 'npt', start: seconds(startMs), end: seconds(endMs) });
  }
}

/** Units that are sent together: one where play is paced, else as many as make a piece of work worth a turn. */
class Slice {
  units: { readonly unit: RecordedUnit; readonly sender: TrackSender | undefined }[] = [];
  bytes = 0;

  add(unit: RecordedUnit, sender: TrackSender | undefined): void {
    this.units.push({ unit, sender });
    this.bytes += unit.data.length;
  }

  clear(): void {
    this.units = [];
    this.bytes = 0;
  }
}

/** For each track of a segment, its place in the SDP: the first of its codec and clock that is not taken, or -1. */
function matchTracks(formats: readonly TrackFormat[], tracks: readonly SdpTrack[]): number[] {
  const taken = new Set<number>();
  return formats.map(({ codec, clockRateHz, channels }) => {
    const found = tracks.findIndex(
      ({ format }, index) =>
        !taken.has(index) &&
        format.codec === codec &&
        format.clockRateHz === clockRateHz &&
        format.channels === channels,
    );
    taken.add(found);
    return found;
  });
}

function outside(): NightjarError {
  return new NightjarError('invalid', 'playback/range', 'the range lies outside the recording', {
    status: 457,
  });
}
