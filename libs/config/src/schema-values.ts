import { z } from 'zod';
import {
  DURATION_HELP,
  DURATION_PATTERN,
  parseDuration,
  parseSize,
  printDuration,
  printSize,
  SIZE_HELP,
  SIZE_PATTERN,
} from './units.js';

/** The kinds of value that keys of the file take. */

const NAME_PATTERN = /^[a-z0-9][a-z0-9-]{0,62}$/;
const NAME_HELP =
  'a name is 1 to 63 lower-case letters, digits and hyphens, the first not a hyphen';
/** Whether a camera may have this name. */
export function isCameraName(name: string): boolean {
  return NAME_PATTERN.test(name);
}

const ENV_PATTERN = /^[A-Za-z_][A-Za-z0-9_]*$/;

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const MIB = 2 ** 20;
export const GIB = 2 ** 30;

interface Bounds {
  readonly min: number;
  readonly max: number;
}

export function duration({ min, max }: Bounds) {
  return z
    .string({ error: DURATION_HELP })
    .regex(DURATION_PATTERN, DURATION_HELP)
    .meta({ title: 'duration' })
    .transform((text, context) =>
      within(text, { min, max }, parseDuration, printDuration, context),
    );
}

export function size({ min, max }: Bounds) {
  return z
    .string({ error: SIZE_HELP })
    .regex(SIZE_PATTERN, SIZE_HELP)
    .meta({ title: 'size' })
    .transform((text, context) => within(text, { min, max }, parseSize, printSize, context));
}

/** Inclusive bounds; a quantity too large to be counted exactly is out of bounds. */
function within(
  text: string,
  bounds: Bounds,
  parse: (text: string) => number,
  print: (value: number) => string,
  context: z.RefinementCtx,
): number {
  let value = Infinity;
  try {
    value = parse(text);
  } catch {
    // Beyond the safe integers: out of bounds, reported below.
  }
  if (value >= bounds.min && value <= bounds.max) return value;
  context.addIssue({
    code: 'custom',
    message: `must be between ${print(bounds.min)} and ${print(bounds.max)}`,
  });
  return z.NEVER;
}

export const text = (title: string) => z.string().min(1).max(4096).meta({ title });
export const host = (fallback: string) =>
  text('address').prefault(fallback).describe('Address to listen on; `0.0.0.0` for all.');
export const port = (fallback: number, what: string) =>
  z.int().min(0).max(65_535).prefault(fallback).describe(`${what} 0 lets the system choose.`);
export const envName = () =>
  text('variable').regex(ENV_PATTERN, 'not a name of an environment variable');
export const named = <V extends z.ZodType>(value: V) =>
  z.record(z.string().regex(NAME_PATTERN, NAME_HELP), value);

export const password = {
  passwordFile: text('path')
    .optional()
    .describe(
      'File that holds the password; one line break at its end is ignored. `$CREDENTIALS_DIRECTORY/NAME` is a credential that systemd gives the service.',
    ),
  passwordEnv: envName().optional().describe('Environment variable that holds the password.'),
};

/** A text that a parser of ours takes, as what it makes of it. */
export function parsed<T>(title: string, parse: (text: string) => T) {
  return text(title).transform((written, context): T => {
    try {
      return parse(written);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  });
}
