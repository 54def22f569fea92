import { NightjarError } from '@nightjar/common';

const PLACES = /\{(id|address|serial)\}/g;
/** A name has 63; what stands for a place needs some. */
const MAX_CHARS = 63;

/**
 * A name of cameras with places for what is of the device.
 * @throws NightjarError `config/name-pattern`
 */
export function parseNamePattern(text: string): string {
  if (
    text.length > MAX_CHARS ||
    !/^([a-z0-9][a-z0-9-]*)?$/.test(text.replace(PLACES, '0')) ||
    text === ''
  )
    throw new NightjarError(
      'invalid',
      'config/name-pattern',
      'expected lower-case letters, digits and hyphens, with {id}, {address} or {serial} for what is of the device, such as cam-{serial}',
    );
  return text;
}
