import { parseArgs, type ParseArgsConfig } from 'node:util';
import { messageOf } from '@nightjar/common';
import { parseSize } from '@nightjar/config';
import { UsageError } from './command.js';

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

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)$/;

/** Unix epoch milliseconds of an option's RFC 3339 time; throws UsageError. */
export function readTime(option: string, text: string): number {
  const ms = RFC_3339.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new UsageError(`${option} wants a time such as 2026-11-20T13:00:00Z`);
  return ms;
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
