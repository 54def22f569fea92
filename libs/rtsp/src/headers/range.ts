import { NightjarError } from '@nightjar/common';

/** Half open: start included, end excluded. RFC 2326 s.12.29, s.3.6 (npt), s.3.7 (clock). */
export type Range =
  | {
      readonly unit: 'npt';
      /** Seconds; `now` is the live edge; undefined when only an end is given. */
      readonly start: number | 'now' | undefined;
      /** Seconds; undefined = open. */
      readonly end: number | undefined;
    }
  | {
      readonly unit: 'clock';
      /** Unix epoch ms; undefined when only an end is given (ONVIF Streaming s.6.5.1). */
      readonly start: number | undefined;
      /** Unix epoch ms; undefined = open. */
      readonly end: number | undefined;
    }
  /** Whatever else; `text` is the whole value. */
  | { readonly unit: 'other'; readonly text: string };

const UNIT = /^([A-Za-z0-9-]+)\s*=\s*(.*)$/;
const NPT_SECONDS = /^\d{1,10}(?:\.\d{0,9})?$/;
const NPT_HMS = /^(\d{1,6}):(\d{1,2}):(\d{1,2}(?:\.\d{0,9})?)$/;
const UTC = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(?:\.(\d{1,9}))?Z$/i;

const SMPTE = /^(\d{1,4}):(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,2}))?)?$/;
/** RFC 2326 s.3.5: `smpte` alone is what `smpte-30-drop` is. */
const SMPTE_UNIT = /^smpte(?:-(?:30-drop|25))?$/;
const DROP_FRAME_RATE = 30_000 / 1001;

/** In which version of RTSP a range is read. */
export interface RangeSyntax {
  /** RTSP 2.0 (RFC 7826 s.18.40): the unit is named, and time codes are not read, as no mount has them among its units. */
  readonly strict?: boolean;
}

/**
 * Reads a Range header or an `a=range` value; the prefix `npt=` may be missing and `;time=` is dropped. Time codes (SMPTE)
 * are counted from the beginning, as play time is, and become it.
 * @throws NightjarError `protocol` with `where.status` 400.
 */
export function parseRange(value: string, { strict = false }: RangeSyntax = {}): Range {
  const [spec = ''] = value.split(';', 1);
  const match = UNIT.exec(spec.trim());
  if (strict && match === null) throw malformed(spec);
  const unit = match?.[1]?.toLowerCase() ?? 'npt';
  const text = match?.[2] ?? spec.trim();
  if (unit === 'npt') return parseNptRange(text);
  if (unit === 'clock') return parseClockRange(text);
  if (!strict && SMPTE_UNIT.test(unit)) return parseSmpteRange(text, unit === 'smpte-25');
  return { unit: 'other', text: spec.trim() };
}

function parseNptRange(text: string): Range {
  const { from, to } = splitAtDash(text);
  const start = from === '' ? undefined : from.toLowerCase() === 'now' ? 'now' : parseNpt(from);
  // `-now` is the same open end as no end at all.
  const end = to === '' || to.toLowerCase() === 'now' ? undefined : parseNpt(to);
  if (start === undefined && end === undefined) throw malformed(text);
  return { unit: 'npt', start, end };
}

function parseNpt(text: string): number {
  if (NPT_SECONDS.test(text)) return Number(text);
  const match = NPT_HMS.exec(text);
  if (match === null) throw malformed(text);
  return Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]);
}

function parseSmpteRange(text: string, pal: boolean): Range {
  const { from, to } = splitAtDash(text);
  const start = from === '' ? undefined : parseTimeCode(from, pal);
  const end = to === '' ? undefined : parseTimeCode(to, pal);
  if (start === undefined && end === undefined) throw malformed(text);
  return { unit: 'npt', start, end };
}

/** Seconds of `hours:minutes:seconds:frames.hundredths`. */
function parseTimeCode(text: string, pal: boolean): number {
  const match = SMPTE.exec(text);
  if (match === null) throw malformed(text);
  const [, hours, minutes, seconds, frames, hundredths] = match.map((part?: string) =>
    Number(part ?? 0),
  ) as [number, number, number, number, number, number];
  if (minutes > 59 || seconds > 59 || frames >= (pal ? 25 : 30)) throw malformed(text);
  const allMinutes = hours * 60 + minutes;
  const part = frames + hundredths / 100;
  if (pal) return allMinutes * 60 + seconds + part / 25;
  // Two numbers are left out at the beginning of each minute but every tenth.
  const dropped = 2 * (allMinutes - Math.floor(allMinutes / 10));
  return ((allMinutes * 60 + seconds) * 30 + part - dropped) / DROP_FRAME_RATE;
}

function parseClockRange(text: string): Range {
  const { from, to } = splitAtDash(text);
  const start = from === '' ? undefined : parseUtc(from);
  const end = to === '' ? undefined : parseUtc(to);
  if (start === undefined && end === undefined) throw malformed(text);
  return { unit: 'clock', start, end };
}

/** A lone point counts as an open range. */
function splitAtDash(text: string): { from: string; to: string } {
  const dash = text.indexOf('-');
  if (dash < 0) return { from: text.trim(), to: '' };
  return { from: text.slice(0, dash).trim(), to: text.slice(dash + 1).trim() };
}

function parseUtc(text: string): number {
  const match = UTC.exec(text);
  if (match === null) throw malformed(text);
  const [, year, month, day, hour, minute, second, fraction = ''] = match;
  const milliseconds = fraction.padEnd(3, '0').slice(0, 3);
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${milliseconds}Z`);
  // Impossible times are NaN or carried over: 30 February reads as 1 March.
  if (Number.isNaN(date.getTime()) || date.getUTCDate() !== Number(day)) throw malformed(text);
  return date.getTime();
}

function malformed(text: string): NightjarError {
  return new NightjarError('protocol', 'rtsp/range', `malformed range "${text.slice(0, 64)}"`, {
    status: 400,
  });
}

/** Value of a Range header or of `a=range`, to the millisecond. */
export function printRange(range: Range): string {
  if (range.unit === 'other') return range.text;
  if (range.unit === 'npt') return `npt=${printNpt(range.start)}-${printNpt(range.end)}`;
  return `clock=${printUtc(range.start)}-${printUtc(range.end)}`;
}

function printNpt(point: number | 'now' | undefined): string {
  return typeof point === 'number' ? point.toFixed(3) : (point ?? '');
}

function printUtc(epochMs: number | undefined): string {
  if (epochMs === undefined) return '';
  return new Date(Math.floor(epochMs)).toISOString().replace(/[-:]/g, '');
}
