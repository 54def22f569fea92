import { NightjarError } from '@nightjar/common';
import { HELP, parseArguments, runAppliance } from '../../../appliance/src/appliance.js';
import { UsageError, type Command } from '../command.js';

export const serveCommand: Command = {
  name: 'serve',
  summary: 'run the recorder on this machine',
  usage: `nightjar serve [options]

${HELP}`,
  async run(args) {
    // Help was answered before.
    return runAppliance(read(args) ?? {});
  },
};

function read(args: readonly string[]): ReturnType<typeof parseArguments> {
  try {
    return parseArguments(args);
  } catch (error) {
    if (error instanceof NightjarError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
