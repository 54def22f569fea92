import type { z } from 'zod';

export interface JobOptions<Data> {
  /** Two jobs with the same key never wait or run at the same time: the second is dropped. */
  readonly dedupe?: (data: Data) => string;
  /** How often it is tried before it counts as failed. */
  readonly attempts: number;
  /** `delay` in milliseconds: before each retry, or before the first one and doubling. */
  readonly backoff: { readonly type: 'fixed' | 'exponential'; readonly delay: number };
  /** How many finished jobs stay inspectable. */
  readonly keepCompleted: number;
  readonly keepFailed: number;
}

/** What a job is called, what it carries and how it is retried; shared by those who enqueue and those who process. */
export interface JobContract<Data> {
  /** `<area>.<verb>`. */
  readonly name: string;
  /** `nightjar.<area>`. */
  readonly queue: string;
  readonly schema: z.ZodType<Data>;
  readonly options: JobOptions<Data>;
}

/** A contract whose data type does not matter here. */
export type AnyJobContract = Pick<JobContract<unknown>, 'name' | 'queue'>;

const DEFAULTS = {
  attempts: 3,
  backoff: { type: 'exponential', delay: 2_000 },
  keepCompleted: 100,
  keepFailed: 1_000,
} as const;

/** Declares a job. The part of `name` before the dot says which queue it lives in. */
export function defineJob<Data>(
  name: `${string}.${string}`,
  schema: z.ZodType<Data>,
  options: Partial<JobOptions<Data>> = {},
): JobContract<Data> {
  return {
    name,
    queue: `nightjar.${name.split('.')[0]}`,
    schema,
    options: { ...DEFAULTS, ...options },
  };
}
