import { parseArgs, type ParseArgsConfig } from 'node:util';
import { messageOf } from '@nightjar/common';
import { parseSize } from '@nightjar/config';
import { UsageError } from './command.js';
import type { Asked } from './show.js';

const DAY_MS = 86_400_000;
const MAX_LIMIT = 10_000;

type Options = NonNullable<ParseArgsConfig['options']>;

/** node:util parseArgs, strict; throws UsageError. At most `maxPositionals` arguments that are no options. */
export function readArguments<O extends Options>(
  args: readonly string[],
  options: O,
  maxPositionals = 0,
) {
  const parsed = parse(args, options);
  const extra = parsed.positionals[maxPositionals];
  if (extra !== undefined) throw new UsageError(`unexpected argument "${extra}"`);
  return parsed;
}

/** As {@link readArguments}, of a command with --config and --json: what all of its verbs are asked with comes along. */
export function readAsked<O extends Options>(
  args: readonly string[],
  options: O,
  maxPositionals = 0,
) {
  const common = { config: { type: 'string' }, json: { type: 'boolean' } } as const;
  const { values, positionals } = readArguments(args, { ...options, ...common }, maxPositionals);
  const { config, json } = values as { config?: string; json?: boolean };
  const asked: Asked = { configFile: config, json: json === true };
  return { values, positionals, asked };
}

/** The file of the configuration a command works with: named, else NIGHTJAR_CONFIG, else nightjar.yaml. */
export function configFileOf(file: string | undefined): string {
  return file ?? (process.env['NIGHTJAR_CONFIG'] || 'nightjar.yaml');
}

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)$/;

/** Unix epoch milliseconds of an option's RFC 3339 time; throws UsageError. */
export function readTime(option: string, text: string): number {
  const ms = RFC_3339.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new UsageError(`${option} wants a time such as 2026-11-20T13:00:00Z`);
  return ms;
}

/** The range of --from and --to: where they are not given, the last day; throws UsageError. */
export function readRange({ from, to }: { readonly from?: string; readonly to?: string }): {
  readonly startMs: number;
  readonly endMs: number;
} {
  const endMs = to === undefined ? Date.now() : readTime('--to', to);
  const startMs = from === undefined ? endMs - DAY_MS : readTime('--from', from);
  if (startMs >= endMs) throw new UsageError('--to must lie behind --from');
  return { startMs, endMs };
}

/** How many of a list: --limit; throws UsageError. */
export function readLimit(text = '1000'): number {
  const limit = Number(text);
  if (!/^\d+$/.test(text) || limit < 1 || limit > MAX_LIMIT)
    throw new UsageError(`--limit wants a number from 1 to ${MAX_LIMIT}`);
  return limit;
}

/** Bytes of an option such as 20MB; throws UsageError. */
export function readSize(option: string, text: string): number {
  try {
    return parseSize(text);
  } catch (error) {
    throw new UsageError(`${option}: ${messageOf(error)}`);
  }
}

function parse<O extends Options>(args: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}
