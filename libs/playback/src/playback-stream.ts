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
    const { timeline } = this.options;
    if (range === undefined && this.pass !== undefined && !this.pass.ended) {
      this.resume();
      return this.answer(timeline.nptAt(this.positionMs), undefined);
    }
    const wanted = this.wallOf(range);
    const keyframeMs = await this.options.footage.keyframeAt(wanted);
    if (keyframeMs === undefined) throw outside();
    await this.endPass();
    this.time.moveTo(keyframeMs, SEEK_LEAD_MS);
    this.positionMs = keyframeMs;
    const answer = this.answer(timeline.nptAt(keyframeMs), range);
    const pass: Pass = {
      pacer: new Pacer(this.options.clock, 1),
      ended: false,
      done: Promise.resolve(),
    };
    this.pass = pass;
    pass.done = this.run(pass, keyframeMs).catch((error: unknown) => this.failed(error));
    return answer;
  }

  pause(): Promise<{ readonly range?: string }> {
    if (this.gate === undefined) {
      let open: () => void = () => undefined;
      const opened = new Promise<void>((resolve) => {
        open = resolve;
      });
      this.gate = { opened, open };
      this.pass?.pacer.cancel();
    }
    return Promise.resolve({
      range: this.printRange(this.options.timeline.nptAt(this.positionMs), undefined),
    });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    void this.endPass();
    this.options.onClose();
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

  /** @throws NightjarError with status 457 when the range lies outside the footage */
  private wallOf(range: Range | undefined): number {
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

  private answer(nptMs: number, range: Range | undefined): PlayAnswer {
    return {
      range: this.printRange(nptMs, range),
      scale: 1,
      rtpInfo: this.senders.map((sender) => ({
        track: sender.track,
        seq: sender.sequence,
        rtptime: sender.timestampAt(this.time.startMs),
      })),
    };
  }

  /** In the unit that the client used. */
  private printRange(nptMs: number, range: Range | undefined): string {
    const { timeline } = this.options;
    if (range?.unit === 'clock') {
      return printRange({ unit: 'clock', start: timeline.wallAt(nptMs), end: timeline.endMs });
    }
    return printRange({ unit: 'npt', start: nptMs / 1000, end: timeline.durationMs / 1000 });
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
