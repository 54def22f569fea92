import { NightjarError } from '@nightjar/common';
import { nearest } from '@nightjar/config';
import {
  EXIT_FAILED,
  EXIT_OK,
  EXIT_USAGE,
  UsageError,
  type Command,
  type Output,
} from './command.js';

/** Runs `nightjar <args>` and returns the exit code; what goes wrong is told in words, never as a stack. */
export async function runCli(
  args: readonly string[],
  commands: readonly Command[],
  version: string,
  output: Output,
): Promise<number> {
  const [first, ...rest] = args;
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    output.out(overview(commands));
    return first === undefined ? EXIT_USAGE : EXIT_OK;
  }
  if (first === '--version' || first === '-v') {
    output.out(version);
    return EXIT_OK;
  }
  const command = commands.find(({ name }) => name === first);
  if (command === undefined) {
    output.err(unknownCommand(first, commands));
    return EXIT_USAGE;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    output.out(command.usage);
    return EXIT_OK;
  }
  return runCommand(command, rest, output);
}

async function runCommand(
  command: Command,
  args: readonly string[],
  output: Output,
): Promise<number> {
  try {
    return await command.run(args, output);
  } catch (error) {
    if (error instanceof UsageError) {
      output.err(`nightjar ${command.name}: ${error.message}\n\n${command.usage}`);
      return EXIT_USAGE;
    }
    if (error instanceof NightjarError) {
      output.err(`nightjar ${command.name}: ${error.message}`);
      return EXIT_FAILED;
    }
    throw error;
  }
}

function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    'nightjar <command> [options]',
    '',
    ...lines,
    '',
    'nightjar <command> --help tells more.',
  ].join('\n');
}

function unknownCommand(name: string, commands: readonly Command[]): string {
  const names = commands.map((command) => command.name);
  const suggestion = nearest(name, names);
  return suggestion === undefined
    ? `nightjar: unknown command "${name}"; there are ${names.join(', ')}`
    : `nightjar: unknown command "${name}"; did you mean "${suggestion}"?`;
}
