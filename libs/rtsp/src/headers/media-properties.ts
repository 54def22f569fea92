import { NightjarError } from '@nightjar/common';
import { parseScale } from './scale.js';

/** What media allow to be done with them. RFC 7826 s.18.29. */
export interface MediaProperties {
  /** `random`: play may begin anywhere; `accessSeconds` tells how far apart the points are at most, where that is known. */
  readonly seeking: 'random' | 'beginning' | 'none';
  readonly accessSeconds?: number;
  /** Whether what was there stays (`immutable`), may be replaced (`dynamic`), or more comes as time passes. */
  readonly content: 'immutable' | 'dynamic' | 'progressing';
  /** How long media stay: for good, until an instant (Unix epoch ms), or for so many seconds each. */
  readonly retention: 'unlimited' | { readonly untilMs: number } | { readonly seconds: number };
  /** Scales that are played: values, and ranges from a lower to a higher one. Absent: 1 alone. */
  readonly scales?: readonly (number | readonly [number, number])[];
}

const SEEKING = { random: 'Random-Access', beginning: 'Beginning-Only', none: 'No-Seeking' };
const CONTENT = {
  immutable: 'Immutable',
  dynamic: 'Dynamic',
  progressing: 'Time-Progressing',
};
const SECONDS = /^\d{1,10}(?:\.\d{1,9})?$/;
const UTC = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d(?:\.\d{1,9})?)Z$/i;
/** Commas inside quotes separate scales. */
const PROPERTY = /([A-Za-z-]{1,32})(?:\s*=\s*(?:"([^"]{0,1024})"|([^",\s]{1,64})))?\s*(?:,|$)\s*/y;

export function printMediaProperties(properties: MediaProperties): string {
  const { seeking, accessSeconds, content, scales } = properties;
  const parts: string[] = [
    accessSeconds === undefined || seeking !== 'random'
      ? SEEKING[seeking]
      : `${SEEKING[seeking]}=${accessSeconds.toFixed(3)}`,
    CONTENT[content],
    printRetention(properties.retention),
  ];
  if (scales !== undefined) {
    const values = scales.map((scale) => (typeof scale === 'number' ? scale : scale.join(':')));
    parts.push(`Scales="${values.join(', ')}"`);
  }
  return parts.join(', ');
}

function printRetention(retention: MediaProperties['retention']): string {
  if (retention === 'unlimited') return 'Unlimited';
  if ('seconds' in retention) return `Time-Duration=${retention.seconds.toFixed(1)}`;
  return `Time-Limited=${new Date(Math.floor(retention.untilMs)).toISOString().replace(/[-:]/g, '')}`;
}

/**
 * Reads a Media-Properties header; properties that are unknown are left out.
 * @throws NightjarError `protocol` with `where.status` 400 when it cannot be read, or one of the three is missing
 */
export function parseMediaProperties(value: string): MediaProperties {
  const found: { -readonly [K in keyof MediaProperties]?: MediaProperties[K] } = {};
  PROPERTY.lastIndex = 0;
  const text = value.trim();
  while (PROPERTY.lastIndex < text.length) {
    const match = PROPERTY.exec(text);
    if (match === null) throw malformed();
    readProperty(found, match[1]!.toLowerCase(), match[2] ?? match[3]);
  }
  const { seeking, content, retention } = found;
  if (seeking === undefined || content === undefined || retention === undefined) throw malformed();
  return { ...found, seeking, content, retention };
}

function readProperty(
  found: { -readonly [K in keyof MediaProperties]?: MediaProperties[K] },
  name: string,
  value: string | undefined,
): void {
  const seeking = keyOf(SEEKING, name);
  const content = keyOf(CONTENT, name);
  if (seeking !== undefined) {
    found.seeking = seeking;
    if (value !== undefined) found.accessSeconds = seconds(value);
  } else if (content !== undefined) found.content = content;
  else if (name === 'unlimited') found.retention = 'unlimited';
  else if (name === 'time-duration') found.retention = { seconds: seconds(value) };
  else if (name === 'time-limited') found.retention = { untilMs: instant(value) };
  else if (name === 'scales') found.scales = (value ?? '').split(',').map(scaleOf);
}

function keyOf<K extends string>(names: Readonly<Record<K, string>>, name: string): K | undefined {
  const keys = Object.keys(names) as K[];
  return keys.find((key) => names[key].toLowerCase() === name);
}

function seconds(text: string | undefined): number {
  if (text === undefined || !SECONDS.test(text)) throw malformed();
  return Number(text);
}

function instant(text: string | undefined): number {
  const [, year, month, day, hour, minute, second] = UTC.exec(text ?? '') ?? [];
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(ms)) throw malformed();
  return ms;
}

function scaleOf(text: string): number | [number, number] {
  const [low = '', high] = text.split(':');
  return high === undefined ? parseScale(low) : [parseScale(low), parseScale(high)];
}

function malformed(): NightjarError {
  return new NightjarError(
    'protocol',
    'rtsp/media-properties',
    'Media-Properties cannot be understood',
    { status: 400 },
  );
}
