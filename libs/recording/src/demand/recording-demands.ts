import type { CameraEvent, RecordingOverride } from '@nightjar/catalog';
import type { Clock, Timer } from '@nightjar/common';
import type { CameraConfig, RecordConfig, ScheduleConfig } from '@nightjar/config';
import type { Demand, Demands } from './demand.js';
import { eventWindow } from './event-window.js';
import { RecentEvents } from './recent-events.js';
import type { Span } from './spans.js';
import { StreamDemand } from './stream-demand.js';
import { WeeklySchedule } from './weekly-schedule.js';

/** The wall clock may be set, and the machine may sleep: nothing is believed for longer than this. */
export const LOOK_AGAIN_MS = 60_000;

/** What demand follows from beside the configuration. */
export interface DemandSignals {
  /** All that are stored, in the order in which they were set. */
  overrides(overrides: readonly RecordingOverride[]): void;
  /** An event as it is now; may be told again. */
  event(event: CameraEvent): void;
  /** Whether events can be heard; what was missed before is told first. */
  heard(heard: boolean): void;
}

interface Stream {
  readonly record: RecordConfig;
  readonly demand: StreamDemand;
  /** Of the events of the camera, made anew with each. */
  window: readonly Span[];
}

/**
 * The demands for all streams of this process that are declared to be recorded. Knows only the configuration at first: until
 * it is told otherwise, events are not heard and nobody has said anything.
 */
export class RecordingDemands implements Demands, DemandSignals {
  private readonly listeners: ((camera: string, stream: string) => void)[] = [];
  private readonly streams = new Map<string, Map<string, Stream>>();
  private readonly recent = new RecentEvents();
  private schedules = new Map<string, WeeklySchedule>();
  private stored: readonly RecordingOverride[] = [];
  private unheardSinceMs: number | undefined;
  private timer: Timer | undefined;
  private stopped = false;

  constructor(private readonly clock: Clock) {
    this.unheardSinceMs = clock.wallMs();
  }

  of(camera: string, stream: string): Demand | undefined {
    return this.streams.get(camera)?.get(stream)?.demand.demand;
  }

  onChange(listener: (camera: string, stream: string) => void): void {
    this.listeners.push(listener);
  }

  /** When the demand for a stream changes by itself, wall time; undefined: not soon, or there is none. */
  nextChangeMs(camera: string, stream: string): number | undefined {
    return this.streams.get(camera)?.get(stream)?.demand.nextChangeMs;
  }

  /** Every stream that is declared to be recorded. */
  *all(): Iterable<{ readonly camera: string; readonly stream: string; readonly demand: Demand }> {
    for (const [camera, streams] of this.streams)
      for (const [stream, { demand }] of streams)
        if (demand.demand !== undefined) yield { camera, stream, demand: demand.demand };
  }

  /** Makes the configuration this one. A stream that stays goes on with what was wanted of it. */
  apply(
    cameras: Readonly<Record<string, CameraConfig>>,
    schedules: Readonly<Record<string, ScheduleConfig>>,
  ): void {
    if (this.stopped) return;
    const nowMs = this.clock.wallMs();
    this.schedules = new Map(
      Object.entries(schedules).map(([name, config]) => [name, new WeeklySchedule(config)]),
    );
    const gone: [string, string][] = [];
    for (const [camera, streams] of this.streams)
      for (const stream of streams.keys()) {
        const declared = Object.hasOwn(cameras, camera) && cameras[camera];
        if (declared && declared.record.some((record) => record.stream === stream)) continue;
        streams.delete(stream);
        if (streams.size === 0) this.streams.delete(camera);
        gone.push([camera, stream]);
      }
    for (const [camera, { record: records }] of Object.entries(cameras))
      for (const record of records) {
        let streams = this.streams.get(camera);
        if (streams === undefined) this.streams.set(camera, (streams = new Map()));
        const demand = streams.get(record.stream)?.demand ?? new StreamDemand(nowMs);
        streams.set(record.stream, {
          record,
          demand,
          window: eventWindow(this.recent.of(camera), record.stream, record.event),
        });
      }
    this.update();
    for (const [camera, stream] of gone) this.tell(camera, stream);
  }

  overrides(overrides: readonly RecordingOverride[]): void {
    this.stored = overrides;
    this.update();
  }

  event(event: CameraEvent): void {
    this.recent.note(event, this.clock.wallMs());
    const streams = this.streams.get(event.camera);
    if (streams === undefined) return;
    for (const [name, stream] of streams)
      stream.window = eventWindow(this.recent.of(event.camera), name, stream.record.event);
    this.update([event.camera]);
  }

  heard(heard: boolean): void {
    if (heard) this.unheardSinceMs = undefined;
    else this.unheardSinceMs ??= this.clock.wallMs();
    this.update();
  }

  /** Nothing changes any more. */
  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  private update(cameras: Iterable<string> = this.streams.keys()): void {
    if (this.stopped) return;
    const nowMs = this.clock.wallMs();
    const changed: [string, string][] = [];
    for (const camera of cameras)
      for (const [name, { record, demand, window }] of this.streams.get(camera) ?? []) {
        const isAnother = demand.update(nowMs, {
          record,
          schedule: record.schedule === undefined ? undefined : this.schedules.get(record.schedule),
          overrides: this.stored.filter(
            (one) => one.camera === camera && (one.stream === undefined || one.stream === name),
          ),
          eventWindow: window,
          unheardSinceMs: this.unheardSinceMs,
        });
        if (isAnother) changed.push([camera, name]);
      }
    this.arm(nowMs);
    for (const [camera, stream] of changed) this.tell(camera, stream);
  }

  /** One timer, for whatever changes first. */
  private arm(nowMs: number): void {
    let next = nowMs + LOOK_AGAIN_MS;
    for (const streams of this.streams.values())
      for (const { demand } of streams.values())
        next = Math.min(next, demand.nextChangeMs ?? Infinity);
    this.timer?.cancel();
    this.timer = this.clock.setTimer(Math.max(next - nowMs, 1), () => this.update());
  }

  private tell(camera: string, stream: string): void {
    for (const listener of this.listeners) listener(camera, stream);
  }
}
