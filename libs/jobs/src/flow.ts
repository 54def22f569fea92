import { NightjarError } from '@nightjar/common';
import type { JobContract } from './contract.js';

/** Work in several steps: the parts run in any order, on any worker; the whole runs when all of them have completed. */
export interface FlowContract<Data, Part, PartResult, Result = void> {
  readonly whole: JobContract<Data, Result>;
  readonly part: JobContract<Part, PartResult>;
}

/**
 * Declares a flow. The processor of `whole` gets what the parts left behind from its context. A part that fails for good
 * fails the whole.
 * @throws NightjarError `invalid` if one of the two is deduplicated: dropping half of a flow would leave the rest waiting
 */
export function defineFlow<Data, Part, PartResult, Result = void>(
  whole: JobContract<Data, Result>,
  part: JobContract<Part, PartResult>,
): FlowContract<Data, Part, PartResult, Result> {
  if (whole.options.dedupe !== undefined || part.options.dedupe !== undefined)
    throw new NightjarError(
      'invalid',
      'jobs/flow-dedupe',
      `${whole.name}: jobs of a flow cannot have a dedupe key`,
    );
  return { whole, part };
}
