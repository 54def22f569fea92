const LONG = process.env['NIGHTJAR_E2E_LONG'] === '1';

/** A figure of the acceptance criteria, and the smaller one that shows the same in less time. */
export function figure(full: number, short: number): number {
  return LONG ? full : short;
}
