import { NightjarError } from '@nightjar/common';

const SPEED = /^(\d{1,10}(?:\.\d{0,20})?)(?:\s*-\s*(\d{1,10}(?:\.\d{0,20})?)?)?$/;

/** Speed header: media time delivered per second; both ends included. RFC 2326 s.12.35, a range in RFC 7826 s.18.50. */
export interface SpeedRange {
  readonly min: number;
  /** Infinity when the range is open. */
  readonly max: number;
}

/** @throws NightjarError `protocol` with `where.status` 400 when it is neither number nor range, zero, or falls */
export function parseSpeed(value: string): SpeedRange {
  const match = SPEED.exec(value.trim());
  const min = Number(match?.[1]);
  const open = value.includes('-') ? Infinity : min;
  const max = match?.[2] === undefined ? open : Number(match[2]);
  if (match === null || !(max > 0) || max < min) {
    throw new NightjarError(
      'protocol',
      'rtsp/speed',
      'Speed must be a number above 0, or a range',
      {
        status: 400,
      },
    );
  }
  return { min, max };
}

/** Value of a Speed header, to the thousandth. */
export function printSpeed(speed: number): string {
  return speed.toFixed(3);
}
