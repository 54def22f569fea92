import { parseArgs, type ParseArgsConfig } from 'node:util';
import { messageOf } from '@nightjar/common';
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

function parse<O extends Options>(args: readonly string[], options: O) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}
