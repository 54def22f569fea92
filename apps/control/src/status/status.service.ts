import { messageOf } from '@nightjar/common';
import type { Clock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import type { VolumeStatus } from '@nightjar/retention';
import type { CompletenessView } from '../ledger/completeness.service.js';
import type { VolumeView } from '../volumes.service.js';
import type { QueueAnswer } from '../jobs/jobs.service.js';

/** The whole installation on one page. What cannot be asked is null, and `problems` says why. */
export interface StatusView {
  status: 'ok' | 'problems';
  /** Sentences for people, worst first; empty when all is well. */
  problems: string[];
  version: string;
  /** RFC 3339, UTC. */
  now: string;
  uptimeSeconds: number;
  database: { up: boolean; answerSeconds: number | null };
  queues: QueueAnswer[] | null;
  volumes: VolumeView[] | null;
  retention: VolumeStatus[] | null;
  /** Of every stream that is declared to be recorded. */
  cameras: CameraStatus[] | null;
}

export interface CameraStatus {
  camera: string;
  stream: string;
  /** End of the newest footage in the catalog. */
  newest: string | null;
  /** Of today (UTC), in seconds, and why. */
  missingSeconds: number;
  missing: Record<string, number>;
  /** Of what was expected of today; null as long as nothing was, as just after a start. */
  percentage: number | null;
}

export interface StatusSources {
  readonly version: string;
  readonly clock: Clock;
  config(): NightjarConfig;
  /** Rejects while the database is away. */
  ping(): Promise<void>;
  queues(): Promise<QueueAnswer[]>;
  volumes(): Promise<VolumeView[]>;
  retention(): Promise<VolumeStatus[]>;
  newest(): Promise<readonly { camera: string; stream: string; newestMs: number | undefined }[]>;
  /** Of a day as `2026-11-20`, UTC. */
  completeness(day: string): Promise<CompletenessView[]>;
}

/** A job that waits longer than this has no worker. */
const MAX_WAIT_SECONDS = 600;
/** Below this share of a day something is worth a look. */
const ENOUGH_PERCENT = 99.5;
/** To start and to connect takes a moment, and footage counts when its first segment is closed: until then less than this is no loss. */
const SETTLING_SECONDS = 10;

/** What administrators want to know first; each part is asked for on its own, so that one that hangs or fails hides no other. */
export class StatusService {
  private readonly startedMs: number;

  constructor(private readonly sources: StatusSources) {
    this.startedMs = sources.clock.monotonicMs();
  }

  async status(): Promise<StatusView> {
    const { clock, version } = this.sources;
    const problems: string[] = [];
    const part = async <T>(what: string, ask: () => Promise<T>): Promise<T | null> => {
      try {
        return await ask();
      } catch (error) {
        problems.push(`${what}: ${messageOf(error)}`);
        return null;
      }
    };
    const askedMs = clock.monotonicMs();
    const up = (await part('database', async () => this.sources.ping().then(() => true))) ?? false;
    const answerSeconds = up ? (clock.monotonicMs() - askedMs) / 1000 : null;
    // Without a database each of these would say the same again, after its own time-out.
    const queues = await part('queue', () => this.sources.queues());
    const volumes = up ? await part('volumes', () => this.sources.volumes()) : null;
    const retention = up ? await part('retention', () => this.sources.retention()) : null;
    const cameras = up ? await part('cameras', () => this.cameras()) : null;
    problems.push(
      ...(volumes ?? []).flatMap(problemsOfVolume),
      ...(retention ?? []).flatMap(problemsOfRetention),
      ...(cameras ?? []).flatMap(problemsOfCamera),
      ...(queues ?? []).flatMap(problemsOfQueue),
    );
    return {
      status: problems.length === 0 ? 'ok' : 'problems',
      problems,
      version,
      now: new Date(clock.wallMs()).toISOString(),
      uptimeSeconds: Math.round((clock.monotonicMs() - this.startedMs) / 1000),
      database: { up, answerSeconds },
      queues,
      volumes,
      retention,
      cameras,
    };
  }

  private async cameras(): Promise<CameraStatus[]> {
    const day = new Date(this.sources.clock.wallMs()).toISOString().slice(0, 10);
    const [newest, days] = [await this.sources.newest(), await this.sources.completeness(day)];
    const declared = Object.values(this.sources.config().cameras).flatMap(({ name, record }) =>
      record.filter(({ mode }) => mode !== 'off').map(({ stream }) => ({ camera: name, stream })),
    );
    return declared.map(({ camera, stream }) => {
      const is = (one: { camera: string; stream: string }): boolean =>
        one.camera === camera && one.stream === stream;
      const newestMs = newest.find(is)?.newestMs;
      const today = days.find(is);
      const missingSeconds = today?.missingSeconds ?? 0;
      const settling = today?.recordedSeconds === 0 && missingSeconds < SETTLING_SECONDS;
      return {
        camera,
        stream,
        newest: newestMs === undefined ? null : new Date(newestMs).toISOString(),
        missingSeconds,
        missing: today?.missing ?? {},
        percentage: settling ? null : (today?.percentage ?? null),
      };
    });
  }
}

function problemsOfVolume({ name, state, health, problem }: VolumeView): string[] {
  if (state === 'retired' || health === 'healthy' || health === 'unknown') return [];
  return [`volume ${name}: ${problem ?? health}`];
}

function problemsOfRetention({ volume, block, missingBytes }: VolumeStatus): string[] {
  return [
    ...(block === null || block.approvedAt !== null
      ? []
      : [`retention of volume ${volume} has stopped itself: ${block.message}`]),
    ...(missingBytes > 0
      ? [`volume ${volume} is full and all on it is protected by guarantees and holds`]
      : []),
  ];
}

function problemsOfCamera({
  camera,
  stream,
  percentage,
  missing,
  missingSeconds,
}: CameraStatus): string[] {
  if (percentage === null || percentage >= ENOUGH_PERCENT) return [];
  if (missingSeconds < SETTLING_SECONDS) return [];
  const reasons = Object.entries(missing)
    .toSorted(([, a], [, b]) => b - a)
    .map(([reason, seconds]) => `${Math.round(seconds)} s ${reason}`);
  return [
    `camera ${camera}, stream ${stream}: ${percentage.toFixed(1)} % of today recorded (missing: ${reasons.join(', ')})`,
  ];
}

function problemsOfQueue({ queue, outstanding, oldestWaitingSeconds }: QueueAnswer): string[] {
  return [
    ...((oldestWaitingSeconds ?? 0) > MAX_WAIT_SECONDS
      ? [
          `queue ${queue}: a job has waited for ${Math.round(oldestWaitingSeconds ?? 0)} s; does a worker run?`,
        ]
      : []),
    ...(outstanding > 0 ? [`queue ${queue}: ${outstanding} jobs have failed for good`] : []),
  ];
}
