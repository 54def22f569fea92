import { readArguments, readTime } from '../arguments.js';
import { EXIT_OK, UsageError, type Command } from '../command.js';

const DAY_MS = 86_400_000;
const MAX_LIMIT = 10_000;

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
    const { values, positionals } = readArguments(
      args,
      {
        config: { type: 'string' },
        from: { type: 'string' },
        to: { type: 'string' },
        type: { type: 'string', multiple: true },
        limit: { type: 'string' },
        json: { type: 'boolean' },
      },
      1,
    );
    const [camera] = positionals;
    if (camera === undefined) throw new UsageError('expected: the name of a camera');
    const endMs = values.to === undefined ? Date.now() : readTime('--to', values.to);
    const startMs = values.from === undefined ? endMs - DAY_MS : readTime('--from', values.from);
    if (startMs >= endMs) throw new UsageError('--to must lie behind --from');
    const range = { camera, startMs, endMs, types: values.type, limit: readLimit(values.limit) };
    // Loaded when asked for: the recorder starts through this program too.
    const { listEvents } = await import('../events/events.js');
    await listEvents({ configFile: values.config, json: values.json === true }, range, output);
    return EXIT_OK;
  },
};

function readLimit(text = '1000'): number {
  const limit = Number(text);
  if (!/^\d+$/.test(text) || limit < 1 || limit > MAX_LIMIT)
    throw new UsageError(`--limit wants a number from 1 to ${MAX_LIMIT}`);
  return limit;
}
