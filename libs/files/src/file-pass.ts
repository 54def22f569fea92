import type { Clock } from '@nightjar/common';
import type { MediaFile, MediaFileUnit } from '@nightjar/containers';
import type { StreamOutput } from '@nightjar/relay';
import type { FilePlan } from './file-plan.js';
import { keyframesOf } from './keyframes.js';
import { Gate, Pacer, type MediaTime, type Outbox, type TrackSender } from '@nightjar/sending';

/** Units stand in decode order: one this far behind the end has none before the end behind it. */
const REORDER_MS = 2_000;

/** What all passes of a session share. */
export interface FilePassContext {
  readonly output: StreamOutput;
  readonly clock: Clock;
  readonly time: MediaTime;
  readonly senders: readonly TrackSender[];
  readonly outbox: Outbox;
}

/** Where a pass goes; play times. */
export interface FileCourse {
  /** As the file gave it. */
  readonly fromMs: number;
  /** Excluded; undefined: the end of the file. */
  readonly endMs: number | undefined;
}

/** One pass over a file, from a seek to the next or to the end. */
export class FilePass {
  /** Play time of the last unit of the first track that was sent. */
  positionMs: number;
  /** The file or the range came to its end. */
  over = false;
  private readonly pacer: Pacer;
  private readonly gate = new Gate();
  /** Rises with every change of speed: who waited by the old one waits anew. */
  private version = 0;
  private ended = false;
  private done: Promise<void> = Promise.resolve();
  private stopWaiting: (() => void) | undefined;
  /** Wall time at which media time 0 was sent, for reports; unknown until something is sent. */
  private originWallMs: number | undefined;

  constructor(
    private readonly context: FilePassContext,
    private readonly media: MediaFile,
    private readonly course: FileCourse,
    private current: FilePlan,
  ) {
    this.positionMs = course.fromMs;
    this.pacer = new Pacer(context.clock, current.speed);
  }

  get plan(): FilePlan {
    return this.current;
  }

  get endMs(): number | undefined {
    return this.course.endMs;
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

  /** Goes on from where it is. @param plan of the same scale */
  resume(plan: FilePlan): void {
    const { speed } = this.current;
    this.current = plan;
    if (speed !== plan.speed) {
      this.version += 1;
      this.originWallMs = undefined;
      this.pacer.restart(plan.speed);
      this.pacer.cancel();
    }
    this.gate.open();
  }

  /** Ends it; resolves when it sends nothing more and reads no more. */
  async end(): Promise<void> {
    this.ended = true;
    this.pacer.cancel();
    this.stopWaiting?.();
    this.gate.open();
    await this.done;
  }

  private async run(): Promise<void> {
    const { endMs = Infinity } = this.course;
    const { only } = this.current;
    for await (const unit of this.units()) {
      if (this.ended || unit.timeMs >= endMs + REORDER_MS) break;
      if (unit.timeMs >= endMs || (only !== undefined && unit.track !== only)) continue;
      await this.turn(unit);
      if (this.ended) return;
      await this.send(unit);
    }
    if (this.ended) return;
    this.over = true;
    this.context.output.stopped();
    this.context.output.end();
  }

  private units(): AsyncGenerator<MediaFileUnit> {
    const { only, keyframeStepMs } = this.current;
    const { fromMs } = this.course;
    return only === undefined || keyframeStepMs === undefined
      ? this.media.units(fromMs)
      : keyframesOf(this.media, only, fromMs, keyframeStepMs);
  }

  /** Waits for the unit's time, and as long as play is paused. */
  private async turn({ dueMs }: MediaFileUnit): Promise<void> {
    for (;;) {
      const { gate, version } = this;
      if (gate.isShut) {
        await gate.passed();
        this.originWallMs = undefined;
        this.pacer.restart();
      }
      await this.pacer.due(this.context.time.at(dueMs));
      if (this.ended || (!gate.isShut && this.version === version)) return;
    }
  }

  private async send(unit: MediaFileUnit): Promise<void> {
    const { time, senders, outbox } = this.context;
    const mediaMs = time.at(unit.timeMs);
    outbox.recycle();
    senders[unit.track]?.send(unit, mediaMs, { reportMs: this.reportMs(unit, mediaMs) });
    if (unit.track === (this.current.only ?? 0)) this.positionMs = unit.timeMs;
    if (outbox.flush()) return;
    await this.drained();
    // Who was behind is not made to catch up.
    this.originWallMs = undefined;
    this.pacer.slip();
  }

  /** What reports give as the wall time of a unit. At another speed or scale media time and wall time run apart. */
  private reportMs({ dueMs }: MediaFileUnit, mediaMs: number): number | undefined {
    if (this.current.speed !== 1 || this.current.scale !== 1) return undefined;
    this.originWallMs ??= this.context.clock.wallMs() - this.context.time.at(dueMs);
    return this.originWallMs + mediaMs;
  }

  /** Waits for the client, or for the end of this pass: who does not read may still seek. */
  private async drained(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.stopWaiting = resolve;
      void this.context.output.drained().then(resolve);
    });
    this.stopWaiting = undefined;
  }
}
