import { isIP } from 'node:net';
import { NightjarError } from '@nightjar/common';

const MAX_PIXELS = 16_384;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,62})?(\.[a-z0-9]([a-z0-9-]{0,62})?)*$/i;
const OFFSET = String.raw`[+-]?\d{1,2}(:\d\d){0,2}`;
const ZONE = String.raw`([A-Za-z]{3,16}|<[A-Za-z0-9+-]{3,16}>)`;
const RULE = String.raw`(M\d{1,2}\.[1-5]\.[0-6]|J?\d{1,3})(\/${OFFSET})?`;
const TIME_ZONE = new RegExp(`^${ZONE}${OFFSET}(${ZONE}(${OFFSET})?(,${RULE},${RULE})?)?$`);

/** @throws NightjarError `config/camera-setting` */
export function parseResolution(text: string): { width: number; height: number } {
  const [, width = 0, height = 0] = (/^(\d{1,5})x(\d{1,5})$/.exec(text) ?? []).map(Number);
  if (width < 16 || height < 16 || width > MAX_PIXELS || height > MAX_PIXELS)
    throw bad('expected width and height in pixels, such as 1920x1080');
  return { width, height };
}

/** @throws NightjarError `config/camera-setting` */
export function parseTimeServer(text: string): string {
  const isNumeric = /^[\d.]+$/.test(text);
  if (isIP(text) === 0 && (isNumeric || !HOST_NAME.test(text)))
    throw bad('expected the name or the address of a time server');
  return text;
}

/** A POSIX TZ, IEEE 1003.1 s.8.3. @throws NightjarError `config/camera-setting` */
export function parseTimeZone(text: string): string {
  if (!TIME_ZONE.test(text))
    throw bad(
      'expected a time zone as POSIX writes it, such as CET-1CEST,M3.5.0,M10.5.0/3 or UTC0; names such as Europe/Berlin are not understood by cameras',
    );
  return text;
}

function bad(message: string): NightjarError {
  return new NightjarError('invalid', 'config/camera-setting', message);
}
