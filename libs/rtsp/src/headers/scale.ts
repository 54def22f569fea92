import { NightjarError } from '@nightjar/common';

const NUMBER = /^[+-]?(?:\d{1,10}(?:\.\d{0,20})?|\.\d{1,20})$/;

/**
 * Scale header: normal play time per time of presentation; negative is backwards. RFC 2326 s.12.34.
 * @throws NightjarError `protocol` with `where.status` 400 when it is no decimal number, or zero
 */
export function parseScale(value: string): number {
  const text = value.trim();
  const scale = NUMBER.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(scale) || scale === 0) {
    throw new NightjarError('protocol', 'rtsp/scale', 'Scale must be a number other than 0', {
      status: 400,
    });
  }
  return scale;
}

/** Value of a Scale header, to the thousandth. */
export function printScale(scale: number): string {
  return scale.toFixed(3);
}
