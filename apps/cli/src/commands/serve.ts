import { NightjarError } from '@nightjar/common';
import { HELP, parseArguments, runAppliance } from '../../../appliance/src/appliance.js';
import { UsageError, type Command } from '../command.js';

/** Each module is a process: importing it runs the role until its end, so they are loaded when asked for. */
const ROLES: Readonly<Record<string, () => Promise<unknown>>> = {
  media: () => import('../../../media/src/main.js'),
  control: () => import('../../../control/src/main.js'),
  worker: () => import('../../../worker/src/main.js'),
};

export const serveCommand: Command = {
  name: 'serve',
  summary: 'run the recorder on this machine, or one role of it',
  usage: `nightjar serve [options]
nightjar serve ${Object.keys(ROLES).join('|')}

${HELP}
A role alone takes no options: it reads NIGHTJAR_CONFIG (else nightjar.yaml), NIGHTJAR_DATA_DIR, NIGHTJAR_DATABASE_URL,
NIGHTJAR_OPERATIONS_HOST and NIGHTJAR_OPERATIONS_PORT. It wants a PostgreSQL of yours.`,
  async run(args) {
    const [first = '', ...rest] = args;
    const role = Object.hasOwn(ROLES, first) ? ROLES[first] : undefined;
    if (role === undefined) {
      // Help was answered before.
      return runAppliance(read(args) ?? {});
    }
    if (rest.length > 0) throw new UsageError(`serve ${first} takes no more arguments`);
    await role();
    // The role has ended this process.
    return new Promise(() => undefined);
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
