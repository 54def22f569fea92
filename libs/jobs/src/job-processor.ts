import { NightjarError } from '@nightjar/common';
import type { AnyJobContract, JobContract } from './contract.js';

/** The one implementation of a job. Must be idempotent: a job can run again after a crash at any line. */
export interface JobProcessor<Data = unknown> {
  readonly contract: JobContract<Data>;
  /** @param signal aborts when the worker stops: come to a consistent end soon */
  process(data: Data, signal: AbortSignal): Promise<void>;
}

/** Ties a contract to its code; the data type is checked here and erased after. */
export function processorOf<Data>(
  contract: JobContract<Data>,
  process: JobProcessor<Data>['process'],
): JobProcessor {
  return {
    contract: contract as unknown as JobContract<unknown>,
    process: (data, signal) => process(data as Data, signal),
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
