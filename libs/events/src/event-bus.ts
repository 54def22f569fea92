import { randomUUID } from 'node:crypto';
import {
  MAX_EVENT_MS,
  type EventDetails,
  type EventEnd,
  type EventSource,
} from '@nightjar/catalog';
import { NightjarError, type Clock } from '@nightjar/common';
import { metrics } from '@nightjar/monitoring';
import { MAX_AHEAD_MS, type EventReport } from './event-report.js';

/** Where events are kept, and told to all who listen: EventRepository of the catalog. */
export interface EventStore {
  begin(event: EventDetails, options: { supersedes: boolean }): Promise<EventDetails>;
  end(which: EventEnd): Promise<EventDetails[]>;
}

/** Who tells of an event. */
export interface Reporter {
  readonly camera: string;
  readonly source: EventSource;
  /** For a report without an id; undefined: a random one. The same report told again needs the same. */
  readonly ownId?: string;
}

/** Takes what producers tell, and makes events of it. */
export class EventBus {
  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Publishes a report; when it resolves, the event is stored and on its way to all who listen. May be repeated with the
   * same id. `begin` without an id ends what the same source left open of that type; `end` without one ends all of the type.
   * @returns the events that began or ended; none when nothing was open
   * @throws NightjarError `invalid`, `not-found` for the end of an unknown id, `unavailable` while the database is away
   */
  async publish(report: EventReport, { camera, source, ownId }: Reporter): Promise<EventDetails[]> {
    const nowMs = this.clock.wallMs();
    const atMs = report.at ?? nowMs;
    if (atMs > nowMs + MAX_AHEAD_MS)
      throw new NightjarError('invalid', 'events/future', 'at lies more than a minute ahead');
    const { id, type, stream, label, data } = report;
    if (report.state === 'end')
      return this.store.end({
        camera,
        id,
        type: id === undefined ? type : undefined,
        stream,
        atMs,
      });
    const isOver = report.state === 'pulse' || atMs + MAX_EVENT_MS < nowMs;
    const event = await this.store.begin(
      {
        id: id ?? ownId ?? randomUUID(),
        camera,
        stream,
        type,
        source,
        startMs: atMs,
        endMs: isOver ? atMs : undefined,
        label,
        data,
      },
      { supersedes: report.state === 'begin' && id === undefined },
    );
    metrics.events.inc({ camera, source });
    return [event];
  }

  /**
   * Ends what a source left open at a camera: it was away, and does not know the ends.
   * @throws NightjarError `unavailable` while the database is away
   */
  async endLeft({ camera, source }: Pick<Reporter, 'camera' | 'source'>): Promise<EventDetails[]> {
    const atMs = this.clock.wallMs();
    const all = { id: undefined, type: undefined, stream: undefined };
    return this.store.end({ camera, ...all, source, atMs });
  }
}
