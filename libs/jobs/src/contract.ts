import type { z } from 'zod';

export interface JobOptions<Data> {
  /** Two jobs with the same key never wait or run at the same time: the second is dropped. Not for the jobs of a flow. */
  readonly dedupe?: (data: Data) => string;
  /** How often it is tried before it counts as failed. */
  readonly attempts: number;
  /** `delay` in milliseconds: before each retry, or before the first one and doubling. */
  readonly backoff: { readonly type: 'fixed' | 'exponential'; readonly delay: number };
  /** How many finished jobs stay inspectable. */
  readonly keepCompleted: number;
  readonly keepFailed: number;
  /** 0 is taken before everything else, then lower numbers first; up to 2 097 151. */
  readonly priority: number;
  /** How fast the queue is worked off; all jobs of one queue that say it must say the same. */
  readonly pace?: QueuePace;
}

export interface QueuePace {
  /** Jobs of the queue that one process works on at the same time. */
  readonly concurrency?: number;
  /** At most so many jobs of the queue are begun in so many milliseconds, by all processes together. */
  readonly rate?: { readonly jobs: number; readonly perMs: number };
}

/** What a job is called, what it carries and how it is retried; shared by those who enqueue and those who process. */
export interface JobContract<Data, Result = void> {
  /** `<area>.<verb>`. */
  readonly name: string;
  /** `nightjar.<area>`. */
  readonly queue: string;
  readonly schema: z.ZodType<Data>;
  /** What it leaves behind: small, for people and for the whole of a flow. Undefined: nothing. */
  readonly result: z.ZodType<Result> | undefined;
  readonly options: JobOptions<Data>;
}

/** A contract whose data type does not matter here. */
export type AnyJobContract = Pick<JobContract<unknown, unknown>, 'name' | 'queue'> & {
  readonly options: Pick<JobOptions<never>, 'pace'>;
};

const DEFAULTS = {
  attempts: 3,
  backoff: { type: 'exponential', delay: 2_000 },
  keepCompleted: 100,
  keepFailed: 1_000,
  priority: 0,
} as const;

/** Declares a job. The part of `name` before the dot says which queue it lives in. */
export function defineJob<Data, Result = void>(
  name: `${string}.${string}`,
  schema: z.ZodType<Data>,
  options: Partial<JobOptions<Data>> & { readonly result?: z.ZodType<Result> } = {},
): JobContract<Data, Result> {
  const { result, ...rest } = options;
  return {
    name,
    queue: `nightjar.${name.split('.')[0]}`,
    schema,
    result,
    options: { ...DEFAULTS, ...rest },
  };
}
