import { readAsked, readLimit, readRange } from '../arguments.js';
import { EXIT_OK, UsageError, type Command } from '../command.js';

export const eventsCommand: Command = {
  name: 'events',
  summary: 'list what happened in front of a camera, and to it',
  usage: `nightjar events CAMERA [--from TIME] [--to TIME] [--type TYPE]... [--limit N] [--json]

Events of cameras and producers, and those of Nightjar itself (source nightjar): camera-offline, stand-in.

  --from, --to   as 2026-11-20T13:00:00Z (else the last day)
  --type TYPE    this type only; may be given several times
  --limit N      at most so many, the first of the range (else 1000)
  --config FILE  configuration file (else $NIGHTJAR_CONFIG, else nightjar.yaml)
  --json         print one JSON document`,
  async run(args, output) {
    const { values, positionals, asked } = readAsked(
      args,
      {
        from: { type: 'string' },
        to: { type: 'string' },
        type: { type: 'string', multiple: true },
        limit: { type: 'string' },
      },
      1,
    );
    const [camera] = positionals;
    if (camera === undefined) throw new UsageError('expected: the name of a camera');
    const limit = readLimit(values.limit);
    const range = { camera, ...readRange(values), types: values.type, limit };
    // Loaded when asked for: the recorder starts through this program too.
    const { listEvents } = await import('../events/events.js');
    await listEvents(asked, range, output);
    return EXIT_OK;
  },
};
