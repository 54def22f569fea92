import { readAsked, readTime } from '../arguments.js';
import { EXIT_OK, UsageError, type Command } from '../command.js';

const MAX_ID = 2 ** 31 - 1;

export const holdCommand: Command = {
  name: 'hold',
  summary: 'keep footage from being deleted, whatever the rules say',
  usage: `nightjar hold add CAMERA --from TIME --to TIME --reason TEXT [--stream NAME] [--owner NAME] [--expires TIME] [--json]
nightjar hold list [--all] [--json]
nightjar hold release ID [--json]

  --from, --to    the footage, as 2026-11-20T13:00:00Z
  --reason TEXT   why it is kept
  --stream NAME   this stream only
  --owner NAME    who wants it kept (else the user of this shell)
  --expires TIME  when the hold ends by itself (else when it is released)
  --all           also holds that expired or were released
  --config FILE   configuration file (else $NIGHTJAR_CONFIG, else nightjar.yaml)
  --json          print one JSON document`,
  async run(args, output) {
    const { values, positionals, asked } = readAsked(
      args,
      {
        from: { type: 'string' },
        to: { type: 'string' },
        reason: { type: 'string' },
        stream: { type: 'string' },
        owner: { type: 'string' },
        expires: { type: 'string' },
        all: { type: 'boolean' },
      },
      2,
    );
    const [verb, operand] = positionals;
    const { from, to, reason, expires } = values;
    // Loaded when asked for: the recorder starts through this program too.
    const run = await import('../retention/index.js');
    if (verb === 'add') {
      if (operand === undefined || from === undefined || to === undefined || reason === undefined)
        throw new UsageError('expected: add CAMERA --from TIME --to TIME --reason TEXT');
      const request = {
        camera: operand,
        stream: values.stream,
        startMs: readTime('--from', from),
        endMs: readTime('--to', to),
        owner: values.owner,
        reason,
        expiresAtMs: expires === undefined ? undefined : readTime('--expires', expires),
      };
      await run.addHold(asked, request, output);
    } else if (verb === 'list' && operand === undefined) {
      await run.listHolds(asked, values.all === true, output);
    } else if (verb === 'release' && operand !== undefined) {
      await run.releaseHold(asked, readId(operand), output);
    } else throw new UsageError('expected: add CAMERA, list, or release ID');
    return EXIT_OK;
  },
};

function readId(text: string): number {
  const id = Number(text);
  if (!/^\d+$/.test(text) || id < 1 || id > MAX_ID)
    throw new UsageError(`"${text}" is no number of a hold`);
  return id;
}
