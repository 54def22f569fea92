import { randomUUID } from 'node:crypto';
import { MAX_EVENT_MS, type JournalRecord } from '@nightjar/catalog';
import type { Clock, Timer } from '@nightjar/common';

/** What a stream has to tell, for the journal. */
export type StreamEvent = Extract<JournalRecord, { type: 'event' | 'events-over' }>;

type Told = Extract<JournalRecord, { type: 'event' }>;

export interface OngoingEventOptions {
  readonly camera: string;
  readonly stream: string;
  /** The type of the event. */
  readonly event: string;
  /** What is over sooner is not told. */
  readonly afterMs: number;
  readonly clock: Clock;
  readonly tell: (event: StreamEvent) => void;
}

/** One thing that may happen to a stream again and again: told when it begins, when more is known of it, and when it is over. */
export class OngoingEvent {
  private current: Told | undefined;
  private told = false;
  private timer: Timer | undefined;

  constructor(private readonly options: OngoingEventOptions) {}

  /** It happens now, or goes on, and this is what is known of it. */
  happens(label: string, data?: Told['data']): void {
    const { camera, stream, event, clock } = this.options;
    const known = data === undefined ? { label } : { label, data };
    if (this.current === undefined) {
      const startMs = clock.wallMs();
      this.current = { type: 'event', camera, stream, event, id: randomUUID(), startMs, ...known };
      this.timer = clock.setTimer(this.options.afterMs, () => this.begin());
      return;
    }
    const { label: before, data: dataBefore } = this.current;
    if (before === label && JSON.stringify(dataBefore) === JSON.stringify(data)) return;
    const { type, id, startMs } = this.current;
    this.current = { type, camera, stream, event, id, startMs, ...known };
    if (this.told) this.options.tell(this.current);
  }

  /** It is over, if it happened. */
  ends(): void {
    this.end(this.options.clock.wallMs());
  }

  private begin(): void {
    const { current } = this;
    if (current === undefined) return;
    this.told = true;
    this.options.tell(current);
    // No event is longer: what goes on is told as another.
    this.timer = this.options.clock.setTimer(MAX_EVENT_MS, () => {
      const startMs = current.startMs + MAX_EVENT_MS;
      const next = { ...(this.current ?? current), id: randomUUID(), startMs };
      this.end(startMs);
      this.current = next;
      this.begin();
    });
  }

  private end(atMs: number): void {
    const { current, told } = this;
    this.timer?.cancel();
    this.current = undefined;
    this.told = false;
    // The clock may have been set back.
    if (current !== undefined && told)
      this.options.tell({ ...current, endMs: Math.max(atMs, current.startMs) });
  }
}
