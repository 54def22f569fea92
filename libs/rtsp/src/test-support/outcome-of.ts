import { NightjarError } from '@nightjar/common';

/** Result of a parser call, or the NightjarError it threw; any other error is a defect and passes through. */
export function outcomeOf<T>(call: () => T): { value: T } | { error: NightjarError } {
  try {
    return { value: call() };
  } catch (error) {
    if (error instanceof NightjarError) return { error };
    throw error;
  }
}
