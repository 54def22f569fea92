import { readAsked } from '../arguments.js';
import { EXIT_OK, UsageError, type Command } from '../command.js';

const MAX_ID = 2 ** 31 - 1;

export const discoverCommand: Command = {
  name: 'discover',
  summary: 'look for cameras in the network',
  usage: `nightjar discover [--all] [--json]
nightjar discover ignore ID [--json]
nightjar discover unignore ID [--json]

Searches as the section discovery of the configuration says, and lists what was found, now or before. Nightjar has to be
running: the list is kept in its database.
  --all           also devices that are ignored or gone
  --config FILE   configuration file (else $NIGHTJAR_CONFIG, else nightjar.yaml)
  --json          print one JSON document`,
  async run(args, output) {
    const { values, positionals, asked } = readAsked(args, { all: { type: 'boolean' } }, 2);
    const [verb, operand] = positionals;
    // Loaded when asked for: the recorder starts through this program too.
    const run = await import('../discovery/index.js');
    if (verb === undefined) await run.discover(asked, values.all === true, output);
    else if ((verb === 'ignore' || verb === 'unignore') && operand !== undefined)
      await run.ignoreDevice(asked, readId(operand), verb === 'ignore', output);
    else throw new UsageError('expected: nothing, ignore ID, or unignore ID');
    return EXIT_OK;
  },
};

function readId(text: string): number {
  const id = Number(text);
  if (!/^\d+$/.test(text) || id < 1 || id > MAX_ID)
    throw new UsageError(`"${text}" is no number of a device`);
  return id;
}
