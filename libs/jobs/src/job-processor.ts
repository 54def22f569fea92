import { NightjarError } from '@nightjar/common';
import type { AnyJobContract, JobContract } from './contract.js';

/** What a processor is told beside the data of its job. */
export interface JobContext {
  readonly id: string;
  /** From 1. */
  readonly attempt: number;
  /** Aborts when the worker stops or somebody cancels the job: come to a consistent end soon, and throw if work is left. */
  readonly signal: AbortSignal;
  /**
   * Says how far the job is, for people. May be called often: at most two per second are stored.
   * @param fraction 0 to 1
   */
  readonly report: (fraction: number, note?: string) => void;
  /**
   * In the whole of a flow: what its parts left behind, in the order in which they were enqueued.
   * @throws NightjarError `conflict` if a part has left nothing
   */
  readonly parts: <PartResult>(flow: {
    readonly part: Pick<JobContract<unknown, PartResult>, 'name' | 'result'>;
  }) => Promise<PartResult[]>;
}

/** The one implementation of a job. Must be idempotent: a job can run again after a crash at any line. */
export interface JobProcessor<Data = unknown, Result = unknown> {
  readonly contract: JobContract<Data, Result>;
  process(data: Data, context: JobContext): Promise<Result>;
}

/** Ties a contract to its code; the types of data and result are checked here and erased after. */
export function processorOf<Data, Result>(
  contract: JobContract<Data, Result>,
  process: JobProcessor<Data, Result>['process'],
): JobProcessor {
  return {
    contract: contract as unknown as JobContract<unknown, unknown>,
    process: (data, context) => process(data as Data, context),
  };
}

/**
 * Boot check of a role: every job it is responsible for has exactly one processor, and nothing else is processed.
 * @throws NightjarError `invalid` naming all offenders
 */
export function checkCoverage(
  contracts: readonly AnyJobContract[],
  processors: readonly JobProcessor[],
): void {
  const offences: string[] = [];
  const count = (name: string): number =>
    processors.filter((processor) => processor.contract.name === name).length;
  for (const { name } of contracts) {
    const n = count(name);
    if (n !== 1)
      offences.push(n === 0 ? `${name} has no processor` : `${name} has ${n} processors`);
  }
  const declared = new Set(contracts.map(({ name }) => name));
  for (const { contract } of processors) {
    if (!declared.has(contract.name))
      offences.push(`${contract.name} is processed but not declared`);
  }
  if (offences.length > 0)
    throw new NightjarError(
      'invalid',
      'jobs/coverage',
      `jobs: ${[...new Set(offences)].join('; ')}`,
    );
}
