import { NightjarError } from '@nightjar/common';

const DURATION_UNITS_MS = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
} as const;

const SIZE_UNITS_BYTES = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const;

export const DURATION_PATTERN = /^(\d{1,16})(ms|s|m|h|d|w)$/;
export const SIZE_PATTERN = /^(\d{1,16})(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$/;

/** `30d`, `12h`, `90s`, `500ms` in milliseconds. Throws NightjarError `config/duration`. */
export function parseDuration(text: string): number {
  const value = parseQuantity(text, DURATION_PATTERN, DURATION_UNITS_MS);
  if (value === undefined) {
    throw new NightjarError('invalid', 'config/duration', DURATION_HELP, {});
  }
  return value;
}

/** Whole milliseconds in the largest unit that divides them. Inverse of {@link parseDuration}. */
export function printDuration(ms: number): string {
  return printQuantity(ms, DURATION_UNITS_MS);
}

/** `500GB` (powers of 1000) and `10GiB` (powers of 1024) in bytes. Throws NightjarError `config/size`. */
export function parseSize(text: string): number {
  const value = parseQuantity(text, SIZE_PATTERN, SIZE_UNITS_BYTES);
  if (value === undefined) throw new NightjarError('invalid', 'config/size', SIZE_HELP, {});
  return value;
}

/** Whole bytes in the largest unit that divides them. Inverse of {@link parseSize}. */
export function printSize(bytes: number): string {
  return printQuantity(bytes, SIZE_UNITS_BYTES);
}

export const DURATION_HELP =
  'expected a duration with its unit, such as 30d, 12h, 5m, 90s or 500ms';
export const SIZE_HELP = 'expected a size with its unit, such as 500GB, 10GiB or 64MB';

function parseQuantity(
  text: string,
  pattern: RegExp,
  units: Readonly<Record<string, number>>,
): number | undefined {
  const match = pattern.exec(text);
  const factor = units[match?.[2] ?? ''];
  if (match === null || factor === undefined) return undefined;
  const value = Number(match[1]) * factor;
  return Number.isSafeInteger(value) ? value : undefined;
}

function printQuantity(value: number, units: Readonly<Record<string, number>>): string {
  let best: [string, number] = ['', 1];
  for (const [unit, factor] of Object.entries(units)) {
    if (value % factor === 0 && (best[0] === '' || (factor > best[1] && value >= factor))) {
      best = [unit, factor];
    }
  }
  return `${value / best[1]}${best[0]}`;
}
