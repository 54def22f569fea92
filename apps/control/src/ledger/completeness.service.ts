import { requireAccess } from '@nightjar/access';
import type { AccessPolicy, Principal } from '@nightjar/access';
import { percentageOf } from '@nightjar/catalog';
import type { Catalog, DayCompleteness } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import type { Clock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import { declaredCamera } from '../declared-camera.js';

/** What became of one day of a stream; the four sums come to the time in which it was declared. */
export interface CompletenessView {
  camera: string;
  stream: string;
  day: string;
  declaredSeconds: number;
  recordedSeconds: number;
  unwantedSeconds: number;
  missingSeconds: number;
  pendingSeconds: number;
  /** Seconds by reason. */
  missing: Record<string, number>;
  /** Share of the wanted time that was recorded, 0 to 100; null if nothing was wanted. */
  percentage: number | null;
}

/** Days of one answer. */
const MAX_DAYS = 366;
const DAY_MS = 86_400_000;

/** How complete the footage is, for whom it may concern. */
export class CompletenessService {
  constructor(
    private readonly catalog: Pick<Catalog, 'completeness'>,
    private readonly policy: AccessPolicy,
    private readonly config: () => NightjarConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * The days of a camera, both ends included.
   * @throws NightjarError `unauthenticated`, `forbidden`, `not-found`, `invalid`, or `unavailable` while the database is away
   */
  async ofCamera(
    principal: Principal | undefined,
    camera: string,
    request: {
      readonly from: string;
      readonly to: string;
      readonly stream?: string | undefined;
      readonly timeZone: string;
    },
  ): Promise<CompletenessView[]> {
    requireAccess(this.policy, principal, 'playback', camera);
    declaredCamera(this.config(), camera);
    const { from, to, stream, timeZone } = request;
    const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
    if (days < 1)
      throw new NightjarError('invalid', 'control/range', '`to` must not lie before `from`');
    if (days > MAX_DAYS)
      throw new NightjarError('invalid', 'control/range', `at most ${MAX_DAYS} days at once`);
    const reports = await this.catalog.completeness.days({
      camera,
      fromDay: from,
      toDay: to,
      timeZone,
      nowMs: this.clock.wallMs(),
    });
    return reports.filter((report) => stream === undefined || report.stream === stream).map(toView);
  }

  /** One day of every camera that the principal may see footage of. Throws as {@link ofCamera}. */
  async ofDay(
    principal: Principal | undefined,
    day: string,
    timeZone: string,
  ): Promise<CompletenessView[]> {
    requireAccess(this.policy, principal, 'view', undefined);
    const all = await this.everyCamera(day, timeZone);
    return all.filter(
      ({ camera }) => this.policy.decide(principal, 'playback', camera) === 'allow',
    );
  }

  /** One day of every declared camera; asks nobody who wants to know. Throws `unavailable` while the database is away. */
  async everyCamera(day: string, timeZone: string): Promise<CompletenessView[]> {
    const reports = await this.catalog.completeness.days({
      camera: undefined,
      fromDay: day,
      toDay: day,
      timeZone,
      nowMs: this.clock.wallMs(),
    });
    const declared = this.config().cameras;
    return reports.filter(({ camera }) => Object.hasOwn(declared, camera)).map(toView);
  }
}

function toView(report: DayCompleteness): CompletenessView {
  const { camera, stream, day, declaredMs, recordedMs, unwantedMs, missingMs, pendingMs } = report;
  return {
    camera,
    stream,
    day,
    declaredSeconds: seconds(declaredMs),
    recordedSeconds: seconds(recordedMs),
    unwantedSeconds: seconds(unwantedMs),
    missingSeconds: seconds(missingMs),
    pendingSeconds: seconds(pendingMs),
    missing: Object.fromEntries(
      Object.entries(report.missing).map(([reason, ms]) => [reason, seconds(ms)]),
    ),
    percentage: percentageOf(report) ?? null,
  };
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
