import { NightjarError, type Clock } from '@nightjar/common';
import type {
  BlockPool,
  MountStream,
  MountTrack,
  Paused,
  PlayAnswer,
  PlayRequest,
  StreamOutput,
  TrackInfo,
} from '@nightjar/relay';
import { MediaTime, Outbox, TrackSender } from '@nightjar/sending';
import type { Range, SeekStyle } from '@nightjar/rtsp';
import type { Footage } from './footage.js';
import type { LiveEdgeOptions } from './live-edge.js';
import { firstOf, Pass, rateOf, type Course, type PassContext } from './pass.js';
import { doneBy, planOf, readsAs, saysNothing, type PlayPlan } from './play-plan.js';
import { asMeant, hasEnd, outside, printPlayed, reachesBeyond, wallRange } from './play-range.js';
import { styled } from './seek-style.js';
import type { Timeline } from './timeline.js';
import type { Turns } from './turns.js';

/** Distance in media time between the last frame before a seek and the first one after it. */
const SEEK_LEAD_MS = 40;
/** PLAYs that may wait behind the one that runs; more are answered 503. */
export const MAX_QUEUED_PLAYS = 16;

export interface PlaybackStreamOptions {
  readonly footage: Footage;
  /** Of this session alone: it grows with it. */
  readonly timeline: Timeline;
  readonly tracks: readonly MountTrack[];
  readonly output: StreamOutput;
  readonly clock: Clock;
  /** Shared by all that replay without pacing. */
  readonly turns: Turns;
  /** Memory that packets are sent from; shared. */
  readonly blocks: BlockPool;
  readonly cname: string;
  /** Where more may be recorded; undefined when the end of the range is in the past. */
  readonly live: LiveEdgeOptions | undefined;
  /** Takes into the time line what was recorded since. */
  readonly catchUp: (timeline: Timeline) => Promise<void>;
  /** Reading or sending failed; the session has been ended. */
  readonly onError: (error: unknown) => void;
  readonly onClose: () => void;
}

/** Plays one range of one stream to one RTSP session: PLAY, PAUSE, seeking and trick play (RFC 2326 s.10.5, 10.6, 12.34). */
export class PlaybackStream implements MountStream {
  private readonly context: PassContext;
  private pass: Pass | undefined;
  /** Unit of the ranges that the client uses. */
  private unit: 'npt' | 'clock' = 'npt';
  private closed = false;
  /** What is played after the present pass (RFC 2326 s.10.5). */
  private readonly queued: { readonly plan: PlayPlan; readonly course: Course }[] = [];
  /** Whether the client has set an end to what plays, or to the last that is queued. */
  private bounded = false;
  private request: PlayRequest | undefined;

  constructor(private readonly options: PlaybackStreamOptions) {
    const { tracks, output, clock, blocks, cname, timeline, footage, turns, live } = options;
    const outbox = new Outbox(output, clock, blocks);
    const senders = tracks.map(
      ({ format }, track) => new TrackSender(track, format, outbox, output.ssrc(track), cname),
    );
    const time = new MediaTime(timeline);
    this.context = {
      footage,
      timeline,
      tracks,
      senders,
      time,
      outbox,
      output,
      clock,
      turns,
      live,
      onOver: (pass) => this.over(pass),
      onEdge: (pass) => this.reachedEdge(pass),
    };
  }

  async play(request: PlayRequest): Promise<PlayAnswer> {
    const { pass } = this;
    const asked = planOf(request, this.options.output.transport);
    if (this.waitsForItsTurn(request)) return await this.enqueue(request, asked);
    const goesOn = request.range === undefined && pass !== undefined && !pass.over;
    const plan = goesOn && saysNothing(request) ? { ...pass.plan, cseq: asked.cseq } : asked;
    if (goesOn && readsAs(plan, pass.plan)) {
      pass.change(plan);
      pass.resume();
      return this.answer(pass, pass.positionMs);
    }
    const wasPaused = pass?.paused === true;
    // From here on nothing of the old place may be sent: it would follow the answer.
    pass?.suspend();
    try {
      // A PLAY that is not queued takes the place of all that is.
      this.queued.length = 0;
      const course = goesOn
        ? await this.courseFrom(plan, pass)
        : await this.courseOf(plan, asMeant(request.range), request.seekStyle);
      if (request.range !== undefined) this.unit = request.range.unit === 'clock' ? 'clock' : 'npt';
      else if (plan.replay) this.unit = 'clock';
      if (!goesOn) this.bounded = hasEnd(request.range);
      this.request = request;
      if (wasPaused && request.seekStyle === 'CoRAP' && isBefore(course, pass, plan)) {
        await this.options.footage.forget();
        pass.bound(course.endMs);
        pass.change(plan);
        pass.resume();
        return { ...this.answer(pass, pass.positionMs), seekStyle: 'CoRAP' };
      }
      const answer = await this.begin(plan, course);
      const { seekStyle } = request;
      return seekStyle === undefined || plan.backward ? answer : { ...answer, seekStyle };
    } catch (error) {
      if (!wasPaused) pass?.resume();
      throw error;
    }
  }

  // eslint-disable-next-line typescript/require-await -- refusals must arrive as rejections
  async pause(at?: Range): Promise<Paused> {
    const { pass } = this;
    const { timeline } = this.options;
    const pointMs = at === undefined ? undefined : this.pausePoint(at, pass);
    this.queued.length = 0;
    if (pointMs === undefined) pass?.suspend();
    else pass?.suspendAt(pointMs);
    const startMs = pointMs ?? pass?.positionMs ?? timeline.startMs;
    const endMs = pass === undefined ? timeline.endMs : this.toldEnd(pass.plan, pass.course.endMs);
    const range = printPlayed({ startMs, endMs }, timeline, this.unit);
    return { range, later: pointMs !== undefined };
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    void this.pass?.end();
    void this.options.footage.forget();
    this.options.onClose();
  }

  /**
   * A PLAY waits behind one that has an end. What plays on without one has nothing behind it: who asks for another range then
   * seeks, as players do.
   */
  private waitsForItsTurn({ queue, range }: PlayRequest): boolean {
    const { pass, bounded } = this;
    const active = pass !== undefined && !pass.over && !pass.paused;
    return queue === true && range !== undefined && active && bounded;
  }

  private async enqueue(request: PlayRequest, plan: PlayPlan): Promise<PlayAnswer> {
    if (this.queued.length >= MAX_QUEUED_PLAYS)
      throw new NightjarError('exhausted', 'playback/queue', 'too many PLAYs are queued');
    const course = await this.courseOf(plan, asMeant(request.range));
    await this.options.footage.forget();
    // Where its packets begin is not known before what plays now has ended.
    const endMs = this.toldEnd(plan, course.endMs);
    const answer = {
      range: printPlayed({ startMs: course.fromMs, endMs }, this.options.timeline, this.unit),
      ...doneBy(plan),
      rtpInfo: [],
    };
    this.bounded = hasEnd(request.range);
    if (this.pass?.over === true && this.queued.length === 0) return await this.begin(plan, course);
    this.queued.push({ plan, course });
    return answer;
  }

  /** Wall time of a pause point. @throws NightjarError with status 457 when it is not ahead in what is played */
  private pausePoint(at: Range, pass: Pass | undefined): number {
    if (pass === undefined || pass.over || pass.paused) throw outside();
    const { timeline, clock } = this.options;
    const { plan, course, positionMs } = pass;
    const { backward } = plan;
    const comingMs = timeline.growing ? Math.max(0, clock.wallMs() - timeline.endMs) : 0;
    const { startMs: pointMs } = wallRange(at, timeline, { backward, comingMs });
    if (typeof pointMs !== 'number') throw outside();
    const endMs = this.toldEnd(plan, course.endMs) ?? Infinity;
    const [low, high] = backward ? [endMs, positionMs] : [positionMs, endMs];
    if (pointMs < low || pointMs > high) throw outside();
    return pointMs;
  }

  /** Plays what is queued, or says that it is over. */
  private over(pass: Pass): void {
    if (pass !== this.pass || this.closed) return;
    const next = this.queued.shift();
    if (next !== undefined) {
      this.begin(next.plan, next.course).catch((error: unknown) => this.failed(error));
      return;
    }
    // A replay stays in Playing and says nothing (ONVIF Streaming s.6.9); other players wait for the goodbye.
    if (pass.plan.replay) return;
    const { output, timeline, clock } = this.options;
    if (timeline.growing && timeline.limitMs <= clock.wallMs()) {
      timeline.end();
      output.notify?.({ kind: 'media-properties-update' });
    }
    const played = { startMs: firstOf(pass.course), endMs: this.endReached(pass) };
    output.notify?.({
      kind: 'end-of-stream',
      range: printPlayed(played, timeline, this.unit),
      rtpInfo: this.lastPackets(),
    });
    output.stopped();
    output.end();
  }

  private endReached({ plan, course }: Pass): number {
    const { timeline } = this.options;
    return Math.min(this.toldEnd(plan, course.endMs) ?? Infinity, timeline.endMs);
  }

  private lastPackets(): TrackInfo[] {
    return this.context.senders.map(({ track, sequence }) => ({
      track,
      seq: (sequence + 0xffff) % 0x10000,
    }));
  }

  /** Footage that is being recorded cannot be played faster than it comes: a client that can be told gets it as it is. */
  private reachedEdge(pass: Pass): void {
    const { output } = this.options;
    const { plan } = pass;
    if (output.notify === undefined || plan.scale <= 1 || !plan.paced || pass !== this.pass) return;
    this.slowDown(pass).catch((error: unknown) => this.failed(error));
  }

  private async slowDown(pass: Pass): Promise<void> {
    const { output } = this.options;
    const plan = planOf({ ...this.request!, scale: 1, frames: undefined }, output.transport);
    const course = await this.forwardFrom(pass.positionMs, pass.course.endMs);
    if (pass !== this.pass || this.closed) return;
    const { range = '', rtpInfo } = await this.begin(plan, course);
    output.notify?.({ kind: 'scale-change', range, scale: 1, rtpInfo });
  }

  /** Ends the present pass and begins another. */
  private async begin(plan: PlayPlan, course: Course): Promise<PlayAnswer> {
    await this.pass?.end();
    const { time, senders } = this.context;
    time.moveTo(firstOf(course), SEEK_LEAD_MS, rateOf(plan));
    for (const sender of senders) sender.restart();
    const pass = new Pass(this.context, plan, course);
    this.pass = pass;
    const answer = this.answer(pass, firstOf(course));
    if (this.closed) await this.options.footage.forget();
    else pass.start((error) => this.failed(error));
    return answer;
  }

  /** The range that a client asks for. @throws NightjarError with status 457 when there is no footage in it */
  private async courseOf(
    plan: PlayPlan,
    range: PlayRequest['range'],
    seekStyle?: SeekStyle,
  ): Promise<Course> {
    const { timeline, catchUp, clock } = this.options;
    const { backward } = plan;
    if (reachesBeyond(range, timeline, backward)) await catchUp(timeline);
    const comingMs = timeline.growing ? Math.max(0, clock.wallMs() - timeline.endMs) : 0;
    const { startMs, endMs } = wallRange(range, timeline, { backward, comingMs });
    if (backward) {
      const from = startMs === 'live' || startMs === undefined ? timeline.endMs : startMs;
      return await this.backwardFrom(from, endMs);
    }
    const edgeMs = timeline.endMs;
    let from = startMs ?? timeline.startMs;
    if (from === 'live') from = timeline.growing ? edgeMs : timeline.startMs;
    if (from >= edgeMs) {
      // What is being recorded now is not readable at once; play begins with the last keyframe that is.
      if (!timeline.growing || from > edgeMs + comingMs) throw outside();
      from = edgeMs - 1;
    }
    // Inside a hole, or before everything: the footage after it.
    const askedMs = timeline.footageAt(from);
    const course = await this.forwardFrom(askedMs, endMs);
    return { ...(await styled(this.options.footage, course, askedMs, seekStyle)), askedMs };
  }

  /** From where the present pass is, by a plan that reads other units. */
  private async courseFrom(
    plan: PlayPlan,
    { plan: before, course, positionMs }: Pass,
  ): Promise<Course> {
    const endMs = before.backward === plan.backward ? course.endMs : undefined;
    return plan.backward
      ? await this.backwardFrom(positionMs, endMs)
      : await this.forwardFrom(positionMs, endMs);
  }

  private async forwardFrom(wallMs: number, askedEndMs: number | undefined): Promise<Course> {
    const fromMs = await this.options.footage.keyframeAt(wallMs);
    const endMs = this.endOf(askedEndMs);
    if (fromMs === undefined || (endMs !== undefined && endMs <= fromMs)) {
      await this.options.footage.forget();
      throw outside();
    }
    return { fromMs, endMs };
  }

  private async backwardFrom(wallMs: number, endMs: number | undefined): Promise<Course> {
    const fromMs = await this.options.footage.lastBefore(
      Math.min(wallMs, this.options.timeline.endMs),
    );
    if (fromMs === undefined || (endMs !== undefined && endMs >= fromMs)) throw outside();
    return { fromMs, endMs };
  }

  /** End of play forwards; undefined where footage may still come. */
  private endOf(endMs: number | undefined): number | undefined {
    const { timeline } = this.options;
    if (!timeline.growing) return Math.min(endMs ?? Infinity, timeline.endMs);
    const limitMs = Math.min(endMs ?? Infinity, timeline.limitMs);
    return Number.isFinite(limitMs) ? limitMs : undefined;
  }

  private failed(error: unknown): void {
    this.options.onError(error);
    this.options.output.cut('playback-failed');
  }

  private answer({ plan, course }: Pass, startMs: number): PlayAnswer {
    const { time, senders } = this.context;
    const mediaMs = time.at(startMs);
    const endMs = this.toldEnd(plan, course.endMs);
    return {
      range: printPlayed({ startMs, endMs }, this.options.timeline, this.unit),
      ...doneBy(plan),
      rtpInfo: senders.map((sender) => ({
        track: sender.track,
        seq: sender.sequence,
        rtptime: sender.timestampAt(mediaMs),
      })),
    };
  }

  /** Backwards all ends at the beginning. */
  private toldEnd({ backward }: PlayPlan, endMs: number | undefined): number | undefined {
    return endMs ?? (backward ? this.options.timeline.startMs : undefined);
  }
}

/** Whether a pass stands between the beginning of a course and what was asked for: then play need not go back (CoRAP). */
function isBefore({ fromMs, askedMs = fromMs }: Course, pass: Pass, plan: PlayPlan): boolean {
  const { positionMs } = pass;
  return (
    !plan.backward && readsAs(plan, pass.plan) && fromMs <= positionMs && positionMs <= askedMs
  );
}
