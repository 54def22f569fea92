import { requireAccess } from '@nightjar/access';
import type { AccessPolicy, Principal } from '@nightjar/access';
import { NightjarError } from '@nightjar/common';
import type { Clock } from '@nightjar/common';
import type { Dismissal, JobCounts, JobDesk, JobState, JobView } from '@nightjar/jobs';

/** A job with its times in RFC 3339, UTC. */
export interface JobAnswer {
  queue: string;
  id: string;
  name: string;
  state: JobView['state'];
  data: unknown;
  progress: { fraction: number; note: string | null } | null;
  attempts: number;
  reason: string | null;
  result: unknown;
  created: string;
  started: string | null;
  ended: string | null;
}

export interface QueueAnswer {
  queue: string;
  counts: JobCounts;
  /** Failed jobs whose work was not done since. */
  outstanding: number;
  oldestWaitingSeconds: number | null;
}

export interface JobsAnswer {
  queues: QueueAnswer[];
  jobs: JobAnswer[];
}

/** What is listed when no state is asked for: all that may need somebody's attention. */
const OPEN_STATES = [
  'active',
  'failed',
  'waiting',
  'waiting-parts',
  'delayed',
] as const satisfies JobState[];

/** Jobs as administrators see and handle them. */
export class JobsService {
  /** @param queues names of all queues; short, without `nightjar.`, is enough in requests */
  constructor(
    private readonly desk: JobDesk,
    private readonly queues: readonly string[],
    private readonly policy: AccessPolicy,
    private readonly clock: Clock,
  ) {}

  /** @throws NightjarError `unauthenticated`, `forbidden`, `not-found`, or `unavailable` while the queue is away */
  async list(
    principal: Principal | undefined,
    {
      queue,
      state,
      limit,
    }: { queue?: string | undefined; state?: JobState | undefined; limit: number },
  ): Promise<JobsAnswer> {
    this.allow(principal);
    const names = queue === undefined ? this.queues : [this.known(queue)];
    const answer: JobsAnswer = { queues: await this.queueStates(names), jobs: [] };
    for (const name of names) {
      for (const each of state === undefined ? OPEN_STATES : [state]) {
        const left = limit - answer.jobs.length;
        if (left > 0) answer.jobs.push(...(await this.desk.list(name, each, left)).map(toAnswer));
      }
    }
    return answer;
  }

  /** How much waits where; asks nobody who wants to know. Throws `unavailable` while the queue is away. */
  async queueStates(names: readonly string[] = this.queues): Promise<QueueAnswer[]> {
    const states: QueueAnswer[] = [];
    for (const queue of names) {
      const oldestMs = await this.desk.oldestWaitingMs(queue);
      states.push({
        queue,
        counts: await this.desk.counts(queue),
        outstanding: await this.desk.outstanding(queue),
        oldestWaitingSeconds:
          oldestMs === undefined ? null : Math.max(0, this.clock.wallMs() - oldestMs) / 1000,
      });
    }
    return states;
  }

  /** Throws as {@link list}. */
  async inspect(principal: Principal | undefined, queue: string, id: string): Promise<JobAnswer> {
    this.allow(principal);
    return toAnswer(await this.desk.inspect(this.known(queue), id));
  }

  /** Throws as {@link list}, and `conflict` for a job that has not failed. */
  async retry(principal: Principal | undefined, queue: string, id: string): Promise<JobAnswer> {
    this.allow(principal);
    const name = this.known(queue);
    await this.desk.retry(name, id);
    return toAnswer(await this.desk.inspect(name, id));
  }

  /** Throws as {@link list}, and `conflict` for the next run of a recurrence. */
  async dismiss(principal: Principal | undefined, queue: string, id: string): Promise<Dismissal> {
    this.allow(principal);
    return this.desk.dismiss(this.known(queue), id);
  }

  private allow(principal: Principal | undefined): void {
    requireAccess(this.policy, principal, 'admin', undefined);
  }

  /** A name that is none of ours would make a queue of that name. */
  private known(name: string): string {
    const known = this.queues.find((queue) => queue === name || queue === `nightjar.${name}`);
    if (known === undefined)
      throw new NightjarError('not-found', 'control/unknown-queue', `there is no queue ${name}`);
    return known;
  }
}

function toAnswer({
  progress,
  reason,
  createdAtMs,
  startedAtMs,
  endedAtMs,
  ...job
}: JobView): JobAnswer {
  return {
    ...job,
    progress:
      progress === undefined ? null : { fraction: progress.fraction, note: progress.note ?? null },
    reason: reason ?? null,
    result: job.result ?? null,
    created: new Date(createdAtMs).toISOString(),
    started: printTime(startedAtMs),
    ended: printTime(endedAtMs),
  };
}

function printTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
