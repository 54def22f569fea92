import { requireAccess, type AccessPolicy, type Principal } from '@nightjar/access';
import type { Catalog, RecordingOverride } from '@nightjar/catalog';
import { NightjarError, type Clock } from '@nightjar/common';
import type { CameraConfig, NightjarConfig } from '@nightjar/config';
import type { Logger } from '@nightjar/monitoring';
import { EVENT_RELEVANT_MS, RecordingDemands, type Demand } from '@nightjar/recording';
import { declaredCamera } from '../declared-camera.js';

/** What somebody asks for. */
export interface RecordingRequest {
  readonly action: 'start' | 'stop' | 'privacy' | 'auto';
  /** undefined: all streams. */
  readonly stream: string | undefined;
  /** So long, or until a wall time; neither: until it is taken back. */
  readonly forMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly reason: string | undefined;
}

export interface RecordingView {
  camera: string;
  streams: {
    stream: string;
    mode: string;
    wanted: boolean;
    /** What decides: the configuration, an event, or somebody. */
    because: string;
    /** When it may change by itself; null: not within a week. */
    nextChange: string | null;
  }[];
  overrides: {
    /** Null: all streams. */
    stream: string | null;
    /** `no-room`: by retention, because the disks are full. */
    action: 'start' | 'stop' | 'privacy' | 'no-room';
    until: string | null;
    reason: string | null;
    setBy: string;
    setAt: string;
  }[];
}

/** Clocks of senders of events may be ahead. */
const AHEAD_MS = 60_000;
const MAX_EVENTS = 1_000;
/** Who asked, where nobody has to log in. */
const ANYBODY = 'anybody';

/** What people say about recording, and what comes of it. */
export class RecordingService {
  constructor(
    private readonly parts: {
      readonly catalog: Pick<Catalog, 'events' | 'overrides'>;
      readonly policy: AccessPolicy;
      readonly config: () => NightjarConfig;
      readonly clock: Clock;
      readonly log: Pick<Logger, 'info'>;
    },
  ) {}

  /**
   * What is wanted of each stream of a camera now, and by whom: as the configuration, the events and the overrides say,
   * supposing that the media role hears of them.
   * @throws NightjarError `unauthenticated`, `forbidden`, `not-found`, or `unavailable` while the database is away
   */
  async state(principal: Principal | undefined, name: string): Promise<RecordingView> {
    requireAccess(this.parts.policy, principal, 'view', name);
    return this.view(declaredCamera(this.parts.config(), name));
  }

  /** Puts a request in force. Throws as {@link state}, and `invalid` for a time that is over. */
  async request(
    principal: Principal | undefined,
    name: string,
    { action, stream, forMs, reason, ...asked }: RecordingRequest,
  ): Promise<RecordingView> {
    const { catalog, clock, log, policy } = this.parts;
    requireAccess(policy, principal, 'control', name);
    const camera = declaredCamera(this.parts.config(), name);
    mustBeDeclared(camera, stream);
    const nowMs = clock.wallMs();
    const untilMs = forMs === undefined ? asked.untilMs : nowMs + forMs;
    if (untilMs !== undefined && untilMs <= nowMs)
      throw new NightjarError('invalid', 'control/until', 'until must lie ahead');
    const setBy = principal?.name ?? ANYBODY;
    if (action === 'auto') {
      await catalog.overrides.clear(name, stream);
    } else {
      await catalog.overrides.set({
        camera: name,
        stream,
        action: action === 'start' ? 'record' : action,
        untilMs,
        reason,
        setBy,
        setAtMs: nowMs,
      });
    }
    log.info({ camera: name, stream, action, untilMs, reason, setBy }, 'recording was set by hand');
    return this.view(camera);
  }

  private async view(camera: CameraConfig): Promise<RecordingView> {
    const { catalog, clock, config } = this.parts;
    const nowMs = clock.wallMs();
    const overrides = await catalog.overrides.list(camera.name);
    const events = await catalog.events.inRange({
      camera: camera.name,
      startMs: nowMs - EVENT_RELEVANT_MS,
      endMs: nowMs + AHEAD_MS,
      types: undefined,
      limit: MAX_EVENTS,
    });
    const demands = new RecordingDemands(clock);
    demands.overrides(overrides);
    for (const event of events) demands.event(event);
    demands.heard(true);
    demands.apply({ [camera.name]: camera }, config().schedules);
    demands.stop();
    const streams = camera.record.map(({ stream, mode }) => {
      const { wanted, because } = demands.of(camera.name, stream) as Demand;
      const next = printTime(demands.nextChangeMs(camera.name, stream));
      return { stream, mode, wanted, because, nextChange: next };
    });
    return {
      camera: camera.name,
      streams,
      overrides: overrides.filter(({ untilMs }) => (untilMs ?? Infinity) > nowMs).map(toView),
    };
  }
}

function mustBeDeclared({ name, record }: CameraConfig, stream: string | undefined): void {
  const isDeclared =
    stream === undefined ? record.length > 0 : record.some((one) => one.stream === stream);
  if (isDeclared) return;
  throw new NightjarError(
    'not-found',
    'control/not-declared',
    stream === undefined
      ? `camera ${name} has no record in the configuration; "record: off" declares it`
      : `stream ${stream} of camera ${name} has no record in the configuration`,
  );
}

function toView(override: RecordingOverride): RecordingView['overrides'][number] {
  const { stream, action, untilMs, reason, setBy, setAtMs } = override;
  return {
    stream: stream ?? null,
    action: action === 'record' ? 'start' : action,
    until: printTime(untilMs),
    reason: reason ?? null,
    setBy,
    setAt: new Date(setAtMs).toISOString(),
  };
}

function printTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
