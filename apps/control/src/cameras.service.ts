import type { AccessPolicy, Principal } from '@nightjar/access';
import type { Catalog, CatalogStream, GapSpan, RecordedSpan } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import type { CameraConfig, NightjarConfig } from '@nightjar/config';

export interface CameraView {
  name: string;
  streams: string[];
  record: CameraConfig['record'];
  /** Null while the catalog cannot be asked. */
  recorded: { stream: string; oldest: string | null; newest: string | null }[] | null;
}

export interface TimelineView {
  camera: string;
  stream: string;
  start: string;
  end: string;
  recorded: (Omit<RecordedSpan, 'startMs' | 'endMs'> & Interval)[];
  gaps: (Omit<GapSpan, 'startMs' | 'endMs'> & Interval)[];
}

/** RFC 3339, UTC. */
interface Interval {
  start: string;
  end: string;
}

/** Longest range of one timeline answer. */
export const MAX_TIMELINE_MS = 31 * 86_400_000;

/** What the API says about cameras, to whom it may. */
export class CamerasService {
  constructor(
    private readonly catalog: Catalog,
    private readonly policy: AccessPolicy,
    private readonly config: () => NightjarConfig,
  ) {}

  /** The cameras that the principal may see. */
  async list(principal: Principal | undefined): Promise<CameraView[]> {
    this.allow(principal, undefined);
    const visible = Object.values(this.config().cameras).filter(
      ({ name }) => this.policy.decide(principal, 'view', name) === 'allow',
    );
    const recorded = await this.recorded();
    return visible.map(({ name, streams, record }) => ({
      name,
      streams: Object.keys(streams),
      record,
      recorded:
        recorded
          ?.filter(({ camera }) => camera === name)
          .map(({ stream, oldestMs, newestMs }) => ({
            stream,
            oldest: printTime(oldestMs),
            newest: printTime(newestMs),
          })) ?? null,
    }));
  }

  /**
   * What is recorded and what is missing of a camera's recorded stream.
   * @throws NightjarError `unauthenticated`, `forbidden`, `not-found`, `invalid`, or `unavailable` while the database is away
   */
  async timeline(
    principal: Principal | undefined,
    name: string,
    range: { startMs: number; endMs: number; stream: string | undefined },
  ): Promise<TimelineView> {
    this.allow(principal, name);
    const cameras = this.config().cameras;
    const camera = Object.hasOwn(cameras, name) ? cameras[name] : undefined;
    if (camera === undefined)
      throw new NightjarError('not-found', 'control/unknown-camera', `there is no camera ${name}`);
    const { startMs, endMs } = range;
    if (endMs <= startMs)
      throw new NightjarError('invalid', 'control/range', 'end must lie after start');
    if (endMs - startMs > MAX_TIMELINE_MS)
      throw new NightjarError('invalid', 'control/range', 'a timeline covers at most 31 days');
    const stream = range.stream ?? camera.record[0]?.stream ?? 'main';
    const { recorded, gaps } = await this.catalog.timeline.timeline(name, stream, startMs, endMs);
    return {
      camera: name,
      stream,
      ...printInterval(range),
      recorded: recorded.map(withTimes),
      gaps: gaps.map(withTimes),
    };
  }

  private allow(principal: Principal | undefined, camera: string | undefined): void {
    const decision = this.policy.decide(
      principal,
      camera === undefined ? 'view' : 'playback',
      camera,
    );
    if (decision === 'authenticate')
      throw new NightjarError('unauthenticated', 'control/login', 'log in first');
    if (decision === 'forbid')
      throw new NightjarError('forbidden', 'control/forbidden', 'not allowed for this user');
  }

  /** The list of cameras is of use without the database too. */
  private async recorded(): Promise<CatalogStream[] | undefined> {
    try {
      return await this.catalog.timeline.streams();
    } catch (error) {
      if (error instanceof NightjarError && error.kind === 'unavailable') return undefined;
      throw error;
    }
  }
}

function withTimes<Span extends { startMs: number; endMs: number }>({
  startMs,
  endMs,
  ...rest
}: Span): Omit<Span, 'startMs' | 'endMs'> & Interval {
  return { ...printInterval({ startMs, endMs }), ...rest };
}

function printInterval({ startMs, endMs }: { startMs: number; endMs: number }): Interval {
  return { start: new Date(startMs).toISOString(), end: new Date(endMs).toISOString() };
}

function printTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
