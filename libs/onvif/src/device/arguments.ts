import { invalidArguments, invalidValue } from '../soap/fault.js';
import type { XmlElement } from '../xml/element.js';

const MAX_TEXT_CHARS = 1024;

/**
 * Text of an argument; the names lead to it.
 * @throws SoapFault InvalidArgs without it
 */
export function required(request: XmlElement, ...names: readonly string[]): string {
  const text = optional(request, ...names);
  if (text === undefined) throw invalidArguments(`${names.join('/')} is missing`);
  return text;
}

/** The same; undefined when it is missing or empty. */
export function optional(request: XmlElement, ...names: readonly string[]): string | undefined {
  const text = request.textAt(...names);
  if (text === undefined || text === '') return undefined;
  if (text.length > MAX_TEXT_CHARS) throw invalidValue(`${names.join('/')} is too long`);
  return text;
}

/** A number; undefined when it is missing. */
export function numberAt(request: XmlElement, ...names: readonly string[]): number | undefined {
  const text = optional(request, ...names);
  return text === undefined ? undefined : numberOf(text, names.join('/'));
}

/** @throws SoapFault InvalidArgVal for what is no finite number */
export function numberOf(text: string, what: string): number {
  const value = Number(text);
  if (!Number.isFinite(value)) throw invalidValue(`${what} is not a number`);
  return value;
}

export function booleanAt(request: XmlElement, ...names: readonly string[]): boolean | undefined {
  const text = optional(request, ...names);
  if (text === undefined) return undefined;
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw invalidValue(`${names.join('/')} is neither true nor false`);
}

/** Unix epoch of an xs:dateTime; undefined when it is missing. One without a zone is UTC, as ONVIF has all its times. */
export function dateTimeAt(request: XmlElement, ...names: readonly string[]): number | undefined {
  const text = optional(request, ...names);
  return text === undefined ? undefined : dateTimeOf(text, names.join('/'));
}

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/;

/** @throws SoapFault InvalidArgVal */
export function dateTimeOf(text: string, what: string): number {
  const match = DATE_TIME.exec(text);
  const ms = match === null ? Number.NaN : Date.parse(match[2] === undefined ? `${text}Z` : text);
  if (Number.isNaN(ms)) throw invalidValue(`${what} is not a time`);
  return ms;
}

const DURATION =
  /^(-)?P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const UNITS_MS = [365 * 86_400_000, 30 * 86_400_000, 86_400_000, 3_600_000, 60_000, 1000];

/**
 * Milliseconds of an xs:duration; a month counts 30 days.
 * @throws SoapFault InvalidArgVal
 */
export function durationOf(text: string, what: string): number {
  const match = DURATION.exec(text);
  if (match === null) throw invalidValue(`${what} is not a duration`);
  const [, sign, ...parts] = match;
  const ms = parts.reduce(
    (sum, part, index) => sum + Number(part ?? 0) * (UNITS_MS[index] ?? 0),
    0,
  );
  if (!Number.isSafeInteger(Math.round(ms))) throw invalidValue(`${what} is too long`);
  return sign === undefined ? ms : -ms;
}

export function durationAt(request: XmlElement, ...names: readonly string[]): number | undefined {
  const text = optional(request, ...names);
  return text === undefined ? undefined : durationOf(text, names.join('/'));
}

/** xs:dateTime in UTC. */
export function printDateTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** xs:duration in seconds. */
export function printDuration(ms: number): string {
  return `PT${ms / 1000}S`;
}
