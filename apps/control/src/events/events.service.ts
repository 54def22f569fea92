import { requireAccess, type AccessPolicy, type Principal } from '@nightjar/access';
import type { Catalog, EventDetails, EventSource } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import type { EventBus, EventReport } from '@nightjar/events';
import { declaredCamera } from '../declared-camera.js';

export interface EventView {
  id: string;
  camera: string;
  /** Null: of the camera as a whole. */
  stream: string | null;
  type: string;
  source: string;
  start: string;
  /** Null while it goes on. */
  end: string | null;
  label: string | null;
  data: Readonly<Record<string, unknown>> | null;
}

export interface EventList {
  camera: string;
  events: EventView[];
}

/** Longest range of one answer. */
export const MAX_RANGE_MS = 31 * 86_400_000;

/** What the API takes and tells of events. */
export class EventsService {
  constructor(
    private readonly parts: {
      readonly bus: EventBus;
      readonly catalog: Pick<Catalog, 'events'>;
      readonly policy: AccessPolicy;
      readonly config: () => NightjarConfig;
    },
  ) {}

  /**
   * Publishes what a producer reports.
   * @returns the events that began or ended
   * @throws NightjarError `unauthenticated`, `forbidden`, `not-found`, `invalid`, or `unavailable` while the database is away
   */
  async report(
    principal: Principal | undefined,
    camera: string,
    report: EventReport,
    source: EventSource,
  ): Promise<EventList> {
    requireAccess(this.parts.policy, principal, 'control', camera);
    const { streams } = declaredCamera(this.parts.config(), camera);
    if (report.stream !== undefined && !Object.hasOwn(streams, report.stream))
      throw new NightjarError(
        'not-found',
        'control/unknown-stream',
        `camera ${camera} has no stream ${report.stream}`,
      );
    const events = await this.parts.bus.publish(report, { camera, source });
    return { camera, events: events.map(toView) };
  }

  /** Events that overlap a range, in order of their start. Throws as {@link report}. */
  async list(
    principal: Principal | undefined,
    camera: string,
    range: {
      readonly startMs: number;
      readonly endMs: number;
      readonly types: readonly string[] | undefined;
      readonly limit: number;
    },
  ): Promise<EventList> {
    requireAccess(this.parts.policy, principal, 'playback', camera);
    declaredCamera(this.parts.config(), camera);
    if (range.endMs <= range.startMs)
      throw new NightjarError('invalid', 'control/range', 'end must lie after start');
    if (range.endMs - range.startMs > MAX_RANGE_MS)
      throw new NightjarError(
        'invalid',
        'control/range',
        'a list of events covers at most 31 days',
      );
    const events = await this.parts.catalog.events.inRange({ camera, ...range });
    return { camera, events: events.map(toView) };
  }
}

function toView({ startMs, endMs, stream, label, data, ...rest }: EventDetails): EventView {
  return {
    ...rest,
    stream: stream ?? null,
    start: new Date(startMs).toISOString(),
    end: endMs === undefined ? null : new Date(endMs).toISOString(),
    label: label ?? null,
    data: data ?? null,
  };
}
