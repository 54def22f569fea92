import type { XmlElement } from '@nightjar/onvif';

/** Of a clock that counts whole seconds, on average half of one has passed. */
const HALF_SECOND_MS = 500;

/** Unix epoch milliseconds of a GetSystemDateAndTimeResponse; undefined when it tells no UTC. ONVIF Device s.8.3.4. */
export function readDateAndTime(body: XmlElement): number | undefined {
  const utc = body.at('SystemDateAndTime', 'UTCDateTime');
  const parts = [
    ['Date', 'Year'],
    ['Date', 'Month'],
    ['Date', 'Day'],
    ['Time', 'Hour'],
    ['Time', 'Minute'],
    ['Time', 'Second'],
  ].map((path) => {
    const text = utc?.textAt(...path) ?? '';
    return /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  });
  const [year = NaN, month = NaN, day = NaN, hour = NaN, minute = NaN, second = NaN] = parts;
  const ms = Date.UTC(year, month - 1, day, hour, minute, second) + HALF_SECOND_MS;
  return Number.isNaN(ms) ? undefined : ms;
}
