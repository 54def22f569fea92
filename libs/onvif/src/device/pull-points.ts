import { randomBytes } from 'node:crypto';
import { NightjarError, type Clock, type Timer } from '@nightjar/common';
import type { Topic } from './topics.js';

/** Something that happened, or the state of something. ONVIF Core s.9.5. */
export interface OnvifEvent {
  readonly topic: Topic;
  /** By the clock of the device, Unix epoch. */
  readonly atMs: number;
  /** Absent for what is no state. */
  readonly operation?: 'Initialized' | 'Changed' | 'Deleted';
  /** What it happened to. */
  readonly source: readonly SimpleItem[];
  readonly data: readonly SimpleItem[];
}

export interface SimpleItem {
  readonly name: string;
  readonly value: string;
}

export interface PullPointOptions {
  readonly wants: (event: OnvifEvent) => boolean;
  /** Whose it is; nobody else may use it. */
  readonly owner: string;
  readonly lifetimeMs: number;
}

const MAX_PULL_POINTS = 64;
/** So that one user leaves room for others. */
const MAX_PER_OWNER = 32;
const MAX_QUEUED = 500;
const ID_BYTES = 16;

/** Subscriptions that wait to be asked. ONVIF Core s.9.1. */
export class PullPoints {
  private readonly points = new Map<string, PullPoint>();

  constructor(private readonly clock: Clock) {}

  /** @throws NightjarError `exhausted` when there are too many */
  create(options: PullPointOptions): PullPoint {
    const own = [...this.points.values()].filter(({ owner }) => owner === options.owner);
    if (this.points.size >= MAX_PULL_POINTS || own.length >= MAX_PER_OWNER)
      throw new NightjarError('exhausted', 'onvif/pull-points', 'too many subscriptions');
    const id = randomBytes(ID_BYTES).toString('hex');
    const point = new PullPoint(id, options, this.clock, () => this.points.delete(id));
    this.points.set(id, point);
    return point;
  }

  /** Undefined when it has ended, never was, or belongs to somebody else. */
  find(id: string, owner: string): PullPoint | undefined {
    const point = this.points.get(id);
    return point?.owner === owner ? point : undefined;
  }

  publish(event: OnvifEvent): void {
    for (const point of this.points.values()) point.offer(event);
  }

  close(): void {
    for (const point of this.points.values()) point.end();
  }
}

/** One of them. It ends by itself when nobody asks for long enough. */
export class PullPoint {
  readonly owner: string;
  private readonly wants: (event: OnvifEvent) => boolean;
  private queue: OnvifEvent[] = [];
  private waiting: (() => void) | undefined;
  private ending: Timer | undefined;
  private endsAtMs = 0;

  constructor(
    readonly id: string,
    { wants, owner, lifetimeMs }: PullPointOptions,
    private readonly clock: Clock,
    private readonly ended: () => void,
  ) {
    this.wants = wants;
    this.owner = owner;
    this.extend(lifetimeMs);
  }

  /** When it ends by our clock, Unix epoch. */
  get terminationMs(): number {
    return this.endsAtMs;
  }

  /** Lives at least so long from now on. */
  extend(ms: number): void {
    this.endsAtMs = Math.max(this.endsAtMs, this.clock.wallMs() + ms);
    this.arm();
  }

  /** Lives so long from now on. */
  renew(ms: number): void {
    this.endsAtMs = this.clock.wallMs() + ms;
    this.arm();
  }

  offer(event: OnvifEvent): void {
    if (!this.wants(event)) return;
    this.queue.push(event);
    // Whoever does not ask for hundreds of events misses the oldest ones.
    if (this.queue.length > MAX_QUEUED) this.queue.shift();
    this.waiting?.();
  }

  /**
   * Takes up to `limit` events, at once if there are any, else as soon as one comes, or none after `timeoutMs`.
   * @throws NightjarError `conflict` while somebody waits already
   */
  async pull(limit: number, timeoutMs: number, signal: AbortSignal): Promise<OnvifEvent[]> {
    if (this.waiting !== undefined)
      throw new NightjarError('conflict', 'onvif/pull', 'somebody waits for these events already');
    this.extend(timeoutMs);
    if (this.queue.length === 0) await this.wait(timeoutMs, signal);
    return signal.aborted ? [] : this.queue.splice(0, limit);
  }

  end(): void {
    this.ending?.cancel();
    this.ended();
    this.waiting?.();
  }

  private wait(timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.clock.setTimer(timeoutMs, () => done());
      const done = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', done);
        this.waiting = undefined;
        resolve();
      };
      this.waiting = done;
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }

  private arm(): void {
    this.ending?.cancel();
    this.ending = this.clock.setTimer(this.endsAtMs - this.clock.wallMs(), () => this.end());
  }
}
