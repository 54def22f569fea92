import type { Clock } from '@nightjar/common';
import type { MountTrack, StreamOutput } from '@nightjar/relay';
import { isDisposable, type TrackFormat } from '@nightjar/rtp';
import type { RecordedUnit } from '@nightjar/recording';
import { Gate, Pacer, type MediaTime, type Outbox, type TrackSender } from '@nightjar/sending';
import type { Following, Footage, FootageEvent } from './footage.js';
import { LiveEdge, type LiveEdgeOptions } from './live-edge.js';
import type { PlayPlan } from './play-plan.js';
import { SectionMarks, type Marked } from './section-marks.js';
import { Slice, type Outgoing } from './slice.js';
import type { Timeline } from './timeline.js';
import { placesOf } from './track-list.js';
import type { Turns } from './turns.js';

/** Units stand in decode order: one this far behind the end has none before the end after it. */
const REORDER_MS = 2_000;
/** What a replay without pacing sends in one turn of the event loop: a fraction of a millisecond of work, one write. */
const SLICE_BYTES = 64 * 1024;

/** What all passes of a session share. */
export interface PassContext {
  readonly footage: Footage;
  readonly timeline: Timeline;
  readonly tracks: readonly MountTrack[];
  readonly senders: readonly TrackSender[];
  readonly time: MediaTime;
  readonly outbox: Outbox;
  readonly output: StreamOutput;
  readonly clock: Clock;
  /** Shared by all that replay without pacing. */
  readonly turns: Turns;
  /** Where more may be recorded; undefined when the end of the range is in the past. */
  readonly live: LiveEdgeOptions | undefined;
  /** A pass has sent all; called from within it. */
  readonly onOver: (pass: Pass) => void;
  /** A pass has caught up with what is being recorded; called from within it. */
  readonly onEdge: (pass: Pass) => void;
}

/** Where a pass goes; wall times. */
export interface Course {
  /** A keyframe forwards; backwards the instant from which it goes back. */
  readonly fromMs: number;
  /** Excluded; undefined: all that there is. */
  readonly endMs: number | undefined;
  /** The start that was asked for. */
  readonly askedMs?: number;
  /** Forwards, the first unit that is sent, where that is not the keyframe. */
  readonly firstMs?: number;
}

/** Wall time of what a course sends first. */
export function firstOf({ fromMs, firstMs = fromMs }: Course): number {
  return firstMs;
}

/** One pass over the footage, from a seek to the next or to the end. */
export class Pass {
  /** Wall time of what was sent last; backwards of the stretch it belongs to. */
  positionMs: number;
  /** The footage or the range came to its end. */
  over = false;
  private readonly pacer: Pacer;
  private readonly cancelled = new AbortController();
  private readonly slice = new Slice();
  private readonly marks: SectionMarks<Outgoing & { readonly track: number }> | undefined;
  /** Shut while it is paused. */
  private readonly gate = new Gate();
  /** Rises with every change of plan: who waited by the old one waits anew. */
  private version = 0;
  private formats: readonly TrackFormat[] = [];
  private places: readonly number[] = [];
  private gop: Outgoing['gop'];
  /** The end of the range came before that of the footage. */
  private cut = false;
  private done: Promise<void> = Promise.resolve();
  private stopWaiting: (() => void) | undefined;
  /** Wall time at which to pause. */
  private pausePointMs: number | undefined;

  constructor(
    private readonly context: PassContext,
    private current: PlayPlan,
    private way: Course,
  ) {
    this.positionMs = firstOf(way);
    this.pacer = new Pacer(context.clock, current.speed);
    if (current.replay) this.marks = new SectionMarks();
  }

  get plan(): PlayPlan {
    return this.current;
  }

  get course(): Course {
    return this.way;
  }

  /** Ends it elsewhere. @param endMs as in {@link Course} */
  bound(endMs: number | undefined): void {
    this.way = { ...this.way, endMs };
  }

  get paused(): boolean {
    return this.gate.isShut;
  }

  /** Begins to read and send. @param failed told when that fails; the pass is then at its end */
  start(failed: (error: unknown) => void): void {
    this.done = this.run().catch(failed);
  }

  /** Nothing is sent from here on until {@link resume}. */
  suspend(): void {
    if (this.gate.shut()) this.pacer.cancel();
  }

  /** Nothing is sent of what is at this time or behind it, in the direction of play, until {@link resume}. */
  suspendAt(wallMs: number): void {
    this.pausePointMs = wallMs;
  }

  resume(): void {
    this.pausePointMs = undefined;
    this.gate.open();
  }

  /** Goes on from where it is by another plan, that reads the same ({@link readsAs}). */
  change(plan: PlayPlan): void {
    const before = this.current;
    this.current = plan;
    const same = plan.paced === before.paced && plan.scale === before.scale;
    if (same && plan.speed === before.speed) return;
    this.context.time.bend(this.positionMs, rateOf(plan));
    this.version += 1;
    this.pacer.restart(plan.speed);
    this.pacer.cancel();
  }

  /** Ends it; resolves when it sends nothing more and has let go of its files. */
  async end(): Promise<void> {
    this.cancelled.abort();
    this.pacer.cancel();
    this.stopWaiting?.();
    this.resume();
    await this.done;
  }

  private get ended(): boolean {
    return this.cancelled.signal.aborted;
  }

  private async run(): Promise<void> {
    const { marks } = this;
    const { timeline } = this.context;
    for await (const event of this.events()) {
      if (this.ended) return;
      if (event.kind === 'unit') {
        if (this.isPastEnd(event.unit)) break;
        await this.take(event.unit);
        continue;
      }
      if (event.kind === 'segment') {
        // Sound may come before the first picture of the segment; its time must be on the line by then.
        if (timeline.growing) timeline.append({ ...event, endMs: event.startMs + 1 });
        this.formats = event.tracks;
        this.places = placesOf(
          event.tracks,
          this.context.tracks.map(({ format }) => format),
        );
      } else if (event.kind === 'gop') {
        const { endMs } = this.course;
        if (endMs !== undefined && event.endMs <= endMs) {
          this.cut = true;
          break;
        }
        this.gop = event;
        marks?.discontinuity();
      } else if (event.kind === 'cut') {
        this.cut = true;
      } else {
        if (this.cut) break;
        const stopped = event.kind === 'stopped';
        await this.flushMarked(marks?.end(stopped));
        marks?.discontinuity();
        if (stopped) await this.send();
      }
    }
    await this.finish();
  }

  private events(): AsyncGenerator<FootageEvent> {
    const { footage, live } = this.context;
    const { backward, pictures, replay } = this.current;
    const { fromMs, endMs } = this.course;
    if (backward) return footage.backward(fromMs, pictures);
    const following: Following | undefined = live && {
      edge: new LiveEdge({ ...live, endMs: endMs ?? Infinity }, this.cancelled.signal),
      idle: async () => {
        await this.send();
        this.pacer.slip();
        this.context.onEdge(this);
      },
      patient: replay,
    };
    return footage.forward(fromMs, pictures, following);
  }

  private isPastEnd({ wallMs }: RecordedUnit): boolean {
    const { endMs } = this.course;
    return !this.current.backward && endMs !== undefined && wallMs >= endMs + REORDER_MS;
  }

  private async take(unit: RecordedUnit): Promise<void> {
    const { timeline, senders } = this.context;
    const { backward, pictures, sound } = this.current;
    const format = this.formats[unit.track];
    const sender = senders[this.places[unit.track] ?? -1];
    if (format === undefined) return;
    if (unit.track === 0 && !backward && timeline.growing) {
      const lengthMs = (unit.durationTicks / format.clockRateHz) * 1000;
      timeline.append({ startMs: unit.wallMs, endMs: unit.wallMs + lengthMs });
    }
    const { endMs } = this.course;
    const beyond = !backward && endMs !== undefined && unit.wallMs >= endMs;
    if (beyond && unit.track === 0) this.cut = true;
    const before = !backward && unit.wallMs < firstOf(this.course);
    if (sender === undefined || before || beyond || (unit.track !== 0 && !sound)) return;
    if (pictures.kind === 'references' && isDisposable(format.codec, unit.data)) return;
    const outgoing = { unit, format, sender, gop: this.gop, marks: undefined, track: sender.track };
    if (this.marks === undefined) await this.queue(outgoing);
    else await this.flushMarked(this.marks.push(outgoing));
  }

  private async flushMarked(marked: readonly Marked<Outgoing>[] = []): Promise<void> {
    for (const { item, marks } of marked) await this.queue({ ...item, marks });
  }

  private async queue(outgoing: Outgoing): Promise<void> {
    this.slice.add(outgoing);
    if (this.current.paced || this.slice.bytes >= SLICE_BYTES) await this.send();
  }

  /** Sends what was collected when its time has come; what a seek has overtaken meanwhile stays unsent. */
  private async send(): Promise<void> {
    const { slice } = this;
    const [first] = slice.units;
    if (first === undefined || this.ended) return;
    await this.turn(first);
    if (this.ended) return;
    const { outbox, output } = this.context;
    outbox.recycle();
    for (const outgoing of slice.units) this.pack(outgoing);
    slice.clear();
    if (!outbox.flush()) await this.drained(output);
  }

  private pack({ unit, format, sender, gop, marks }: Outgoing): void {
    const { current } = this;
    const extension = marks && {
      ...marks,
      wallMs: unit.wallMs,
      cleanPoint: unit.keyframe,
      cseq: current.cseq,
    };
    sender.describe(format);
    sender.send(unit, this.context.time.at(unit.wallMs), {
      extension,
      reportMs: this.reportMs(unit),
    });
    this.positionMs = gop?.startMs ?? unit.wallMs;
  }

  /** What a sender report tells as the time of a unit. */
  private reportMs({ wallMs }: RecordedUnit): number | undefined {
    const { paced, backward, scale, replay } = this.current;
    // Reports relate media time to the time of sending, which means nothing to a client that sets the speed.
    if (!paced || backward) return undefined;
    // ONVIF Streaming s.6.11 wants the present.
    if (replay) return this.context.clock.wallMs();
    // To others the time of the recording says when it happened, as long as it runs as fast as the media.
    return scale === 1 ? wallMs : undefined;
  }

  /** Waits for the unit's time, or for a turn of the event loop, and as long as play is paused. */
  private async turn(outgoing: Outgoing): Promise<void> {
    for (;;) {
      if (this.reachesPause(outgoing) && !this.gate.isShut) {
        this.suspend();
        this.context.output.stopped();
      }
      const { gate, version } = this;
      if (gate.isShut) {
        await gate.passed();
        this.pacer.restart();
      }
      await (this.current.paced ? this.pacer.due(this.dueMs(outgoing)) : this.context.turns.next());
      if (this.ended || (!gate.isShut && this.version === version)) return;
    }
  }

  private reachesPause({ unit }: Outgoing): boolean {
    const { pausePointMs } = this;
    if (pausePointMs === undefined) return false;
    return this.current.backward ? unit.wallMs <= pausePointMs : unit.wallMs >= pausePointMs;
  }

  /** Media time at which a unit is to be sent. */
  private dueMs({ unit, gop }: Outgoing): number {
    const { time } = this.context;
    if (gop === undefined) return time.at(unit.wallMs);
    // A stretch that is shown from its end on must be there whole by then: it goes while the one after it is shown.
    return time.at(gop.endMs) - (gop.endMs - unit.wallMs) / this.current.scale;
  }

  private async finish(): Promise<void> {
    await this.flushMarked(this.cut ? this.marks?.stop() : this.marks?.end(true));
    await this.send();
    if (this.ended) return;
    this.over = true;
    this.context.onOver(this);
  }

  /** Waits for the client, or for the end of this pass: who does not read may still seek. */
  private async drained(output: StreamOutput): Promise<void> {
    await new Promise<void>((resolve) => {
      this.stopWaiting = resolve;
      void output.drained().then(resolve);
    });
    this.stopWaiting = undefined;
  }
}

/** Media time per play time. */
export function rateOf({ backward, scale, paced }: PlayPlan): number {
  // A client that sets the speed gets the times of the recording in both directions (ONVIF Streaming s.6.6.3).
  return backward && paced ? -1 / scale : 1 / scale;
}
