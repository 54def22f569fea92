import { requireAccess } from '@nightjar/access';
import type { AccessPolicy, Principal } from '@nightjar/access';
import type {
  Catalog,
  CoarseFootage,
  CoarseGap,
  CoarseUnwanted,
  EventDetails,
  TimelineFootage,
} from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import type { Clock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import { declaredCamera } from '../declared-camera.js';

/** RFC 3339, UTC. */
interface Interval {
  start: string;
  end: string;
}

type Timed<Each> = Omit<Each, 'startMs' | 'endMs' | 'holesMs' | 'missingMs'> & Interval;

/** Each list in order; without a resolution those of time, but for the undeclared, cover the range up to now exactly. */
export interface TimelineView extends Interval {
  camera: string;
  stream: string;
  /** `holes`: interruptions inside, shorter than the resolution; each is counted in `gaps` too if it is missing. */
  recorded: (Timed<TimelineFootage> & { holesSeconds: number })[];
  /** `stretches` of missing footage that are drawn as one; together they miss `missingSeconds`. */
  gaps: (Timed<CoarseGap> & { missingSeconds: number })[];
  unwanted: Timed<CoarseUnwanted>[];
  /** Recorded once and removed by retention. */
  deleted: (Timed<CoarseFootage> & { holesSeconds: number })[];
  /** Too early to tell: what is being recorded now is known when its segment is finished. */
  pending: Interval[];
  /** What happened in front of the camera, by start; the first 10 000. */
  events: TimelineEvent[];
}

export interface TimelineEvent {
  id: string;
  type: string;
  /** Null: of the camera as a whole. */
  stream: string | null;
  label: string | null;
  start: string;
  /** Null while it goes on. */
  end: string | null;
}

/** A timeline is for the eye; lists of events have a route of their own. */
const MAX_EVENTS = 10_000;

/** Longest range of one answer. */
const MAX_TIMELINE_MS = 31 * 86_400_000;

/** What became of the time of a camera, for whom it may concern. */
export class TimelineService {
  constructor(
    private readonly catalog: Pick<Catalog, 'events' | 'timeline'>,
    private readonly policy: AccessPolicy,
    private readonly config: () => NightjarConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * The timeline of one stream of a camera.
   * @throws NightjarError `unauthenticated`, `forbidden`, `not-found`, `invalid`, or `unavailable` while the database is away
   */
  async timeline(
    principal: Principal | undefined,
    name: string,
    request: {
      readonly startMs: number;
      readonly endMs: number;
      /** Undefined: the first that is recorded. */
      readonly stream: string | undefined;
      /** Undefined: everything as it is. */
      readonly resolutionMs: number | undefined;
    },
  ): Promise<TimelineView> {
    requireAccess(this.policy, principal, 'playback', name);
    const camera = declaredCamera(this.config(), name);
    const { startMs, endMs } = request;
    if (endMs <= startMs)
      throw new NightjarError('invalid', 'control/range', 'end must lie after start');
    if (endMs - startMs > MAX_TIMELINE_MS)
      throw new NightjarError('invalid', 'control/range', 'a timeline covers at most 31 days');
    const stream = request.stream ?? camera.record[0]?.stream ?? 'main';
    const timeline = await this.catalog.timeline.timeline({
      camera: name,
      stream,
      startMs,
      endMs,
      nowMs: this.clock.wallMs(),
      resolutionMs: request.resolutionMs ?? 0,
    });
    const events = await this.catalog.events.inRange({
      camera: name,
      startMs,
      endMs,
      types: undefined,
      limit: MAX_EVENTS,
    });
    return {
      camera: name,
      stream,
      ...interval(request),
      recorded: timeline.recorded.map(footage),
      gaps: timeline.gaps.map(({ missingMs, ...gap }) => ({
        ...timed(gap),
        missingSeconds: seconds(missingMs),
      })),
      unwanted: timeline.unwanted.map(timed),
      deleted: timeline.deleted.map(footage),
      pending: timeline.pending.map(interval),
      events: events
        .filter((event) => event.stream === undefined || event.stream === stream)
        .map(eventOf),
    };
  }
}

function eventOf({ id, type, stream, label, startMs, endMs }: EventDetails): TimelineEvent {
  return {
    id,
    type,
    stream: stream ?? null,
    label: label ?? null,
    start: new Date(startMs).toISOString(),
    end: endMs === undefined ? null : new Date(endMs).toISOString(),
  };
}

function footage<Each extends CoarseFootage>({
  startMs,
  endMs,
  holesMs,
  ...rest
}: Each): Omit<Each, 'startMs' | 'endMs' | 'holesMs'> & Interval & { holesSeconds: number } {
  return { ...interval({ startMs, endMs }), ...rest, holesSeconds: seconds(holesMs) };
}

function timed<Each extends { readonly startMs: number; readonly endMs: number }>({
  startMs,
  endMs,
  ...rest
}: Each): Omit<Each, 'startMs' | 'endMs'> & Interval {
  return { ...interval({ startMs, endMs }), ...rest };
}

function interval({
  startMs,
  endMs,
}: {
  readonly startMs: number;
  readonly endMs: number;
}): Interval {
  return { start: new Date(startMs).toISOString(), end: new Date(endMs).toISOString() };
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
