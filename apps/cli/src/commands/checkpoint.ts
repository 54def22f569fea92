import { readArguments } from '../arguments.js';
import { UsageError, type Command } from '../command.js';

const DAY = /^\d{4}-\d\d-\d\d$/;
const FIRST_DAY = '0001-01-01';
const LAST_DAY = '9999-12-31';

export const checkpointCommand: Command = {
  name: 'checkpoint',
  summary: 'list, export and verify the signed states of the archive',
  usage: `nightjar checkpoint list [--from DAY] [--to DAY] [--json]
nightjar checkpoint export [--from DAY] [--to DAY] [-o FILE]
nightjar checkpoint verify [FILE] [--key FILE] [--json]
Once a day the worker signs (Ed25519) what every stream recorded on the day before, by UTC. An export that was kept
elsewhere proves later that footage was not changed, replaced or removed outside of retention.
  --config FILE   configuration file (else $NIGHTJAR_CONFIG, else nightjar.yaml)
  --from, --to    days, as 2026-11-20, both included
  -o, --output F  write to this file instead of standard output
  --key FILE      public key (PEM) that is trusted; else that of this installation
verify without FILE checks what the catalog holds; with FILE that export, and the archive against it.`,
  async run(args, { out }) {
    const { values, positionals } = readArguments(
      args,
      {
        config: { type: 'string' },
        from: { type: 'string' },
        to: { type: 'string' },
        output: { type: 'string', short: 'o' },
        key: { type: 'string' },
        json: { type: 'boolean' },
      },
      2,
    );
    const [verb, file] = positionals;
    const days = {
      from: dayOf('--from', values.from, FIRST_DAY),
      to: dayOf('--to', values.to, LAST_DAY),
    };
    // Loaded when asked for: the recorder starts through this program too.
    const { exportCheckpoints, listCheckpoints, verifyArchive } =
      await import('../checkpoint/index.js');
    const options = { configFile: values.config, days, json: values.json === true, out };
    switch (verb) {
      case 'list':
        return listCheckpoints(options);
      case 'export':
        return exportCheckpoints(options, values.output);
      case 'verify':
        return verifyArchive(options, file, values.key);
      case undefined:
      default:
        throw new UsageError('expected: list, export or verify');
    }
  },
};

function dayOf(option: string, text: string | undefined, fallback: string): string {
  if (text === undefined) return fallback;
  if (!DAY.test(text) || Number.isNaN(Date.parse(`${text}T00:00:00Z`)))
    throw new UsageError(`${option} wants a day such as 2026-11-20`);
  return text;
}
