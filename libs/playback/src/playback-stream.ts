import { NightjarError, type Clock } from '@nightjar/common';
import type { MountStream, PlayAnswer, PlayRequest, StreamOutput } from '@nightjar/relay';
import { printRange, type Range, type SdpTrack } from '@nightjar/rtsp';
import type { TrackFormat } from '@nightjar/rtp';
import type { Footage } from './footage.js';
import { MediaTime } from './media-time.js';
import { Pacer } from './pacer.js';
import type { Timeline } from './timeline.js';
import { TrackSender } from './track-sender.js';

/** Distance in media time between the last frame before a seek and the first one after it. */
const SEEK_LEAD_MS = 40;
/** Units stand in decode order: one this far behind the end has none before the end after it. */
const REORDER_MS = 2_000;

export interface PlaybackStreamOptions {
  readonly footage: Footage;
  readonly timeline: Timeline;
  readonly tracks: readonly SdpTrack[];
  readonly output: StreamOutput;
  readonly clock: Clock;
  readonly cname: string;
  /** Reading or sending failed; the session has been ended. */
  readonly onError: (error: unknown) => void;
  readonly onClose: () => void;
}

/** One pass over the footage, from a seek to the next or to the end. */
interface Pass {
  readonly pacer: Pacer;
  /** Wall time, excluded. */
  readonly endMs: number;
  ended: boolean;
  done: Promise<void>;
}

/** Plays one range of one stream to one RTSP session: PLAY, PAUSE and seeking (RFC 2326 s.10.5, 10.6). */
export class PlaybackStream implements MountStream {
  private readonly senders: readonly TrackSender[];
  private readonly time: MediaTime;
  private pass: Pass | undefined;
  /** Resolves when a paused pass may go on. */
  private gate: { readonly opened: Promise<void>; readonly open: () => void } | undefined;
  private positionMs: number;
  private closed = false;

  constructor(private readonly options: PlaybackStreamOptions) {
    const { tracks, output, cname, timeline } = options;
    this.senders = tracks.map(({ format }, track) => new TrackSender(track, format, output, cname));
    this.time = new MediaTime(timeline);
    this.positionMs = timeline.startMs;
  }

  async play({ range }: PlayRequest): Promise<PlayAnswer> {
    if (range === undefined && this.pass !== undefined && !this.pass.ended) {
      this.resume();
      return this.answer(this.positionMs, this.pass.endMs, undefined);
    }
    const wasPaused = this.gate !== undefined;
    // From here on nothing of the old place may be sent: it would follow the answer.
    this.suspend();
    try {
      return await this.seek(range);
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
  private async seek(range: Range | undefined): Promise<PlayAnswer> {
    const keyframeMs = await this.options.footage.keyframeAt(this.startOf(range));
    if (keyframeMs === undefined) throw outside();
    const endMs = this.endOf(range);
    if (endMs <= keyframeMs) throw outside();
    await this.endPass();
    this.time.moveTo(keyframeMs, SEEK_LEAD_MS);
    this.positionMs = keyframeMs;
    const answer = this.answer(keyframeMs, endMs, range);
    const pacer = new Pacer(this.options.clock, 1);
    const pass: Pass = { pacer, endMs, ended: false, done: Promise.resolve() };
    this.pass = pass;
    pass.done = this.run(pass, keyframeMs).catch((error: unknown) => this.failed(error));
    return answer;
  }

  private async run(pass: Pass, fromMs: number): Promise<void> {
    const { footage, output, tracks } = this.options;
    let senders: readonly (TrackSender | undefined)[] = [];
    for await (const event of footage.from(fromMs)) {
      if (pass.ended) return;
      if (event.kind === 'segment') {
        senders = matchTracks(event.tracks, tracks).map((track) => this.senders[track]);
        event.tracks.forEach((format, index) => senders[index]?.describe(format));
        continue;
      }
      const { unit } = event;
      if (unit.wallMs >= pass.endMs + REORDER_MS) break;
      if (unit.wallMs >= pass.endMs) continue;
      const mediaMs = this.time.at(unit.wallMs);
      await this.turn(pass, mediaMs);
      if (pass.ended) return;
      this.positionMs = unit.wallMs;
      senders[unit.track]?.send(unit, mediaMs);
      if (!output.flush()) await output.drained();
    }
    if (pass.ended) return;
    pass.ended = true;
    output.end();
  }

  /** Waits for the unit's time, and as long as play is paused. */
  private async turn(pass: Pass, mediaMs: number): Promise<void> {
    for (;;) {
      const gate = this.gate;
      if (gate !== undefined) {
        await gate.opened;
        pass.pacer.restart();
      }
      await pass.pacer.due(mediaMs);
      if (this.gate === undefined || pass.ended) return;
    }
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

  private answer(startMs: number, endMs: number, range: Range | undefined): PlayAnswer {
    return {
      range: this.printRange(startMs, endMs, range),
      scale: 1,
      rtpInfo: this.senders.map((sender) => ({
        track: sender.track,
        seq: sender.sequence,
        rtptime: sender.timestampAt(this.time.startMs),
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
