import { readArguments, readTime } from '../arguments.js';
import { EXIT_OK, UsageError, type Command } from '../command.js';

const DAY_MS = 86_400_000;
const MAX_LIMIT = 10_000;

export const auditCommand: Command = {
  name: 'audit',
  summary: 'list who was let in, denied, or changed something',
  usage: `nightjar audit [--from TIME] [--to TIME] [--kind KIND]... [--limit N] [--json]

The newest first: logins that failed, what was denied, playback, publishing and talking that began, exports, signed URLs,
holds, and changes of the configuration.

  --from, --to   as 2026-11-20T13:00:00Z (else the last day)
  --kind KIND    this kind only; may be given several times
  --limit N      at most so many (else 1000)
  --config FILE  configuration file (else $NIGHTJAR_CONFIG, else nightjar.yaml)
  --json         print one JSON document`,
  async run(args, output) {
    const { values } = readArguments(
      args,
      {
        config: { type: 'string' },
        from: { type: 'string' },
        to: { type: 'string' },
        kind: { type: 'string', multiple: true },
        limit: { type: 'string' },
        json: { type: 'boolean' },
      },
      0,
    );
    const endMs = values.to === undefined ? Date.now() : readTime('--to', values.to);
    const startMs = values.from === undefined ? endMs - DAY_MS : readTime('--from', values.from);
    if (startMs >= endMs) throw new UsageError('--to must lie behind --from');
    const { limit: text = '1000' } = values;
    const limit = Number(text);
    if (!/^\d+$/.test(text) || limit < 1 || limit > MAX_LIMIT)
      throw new UsageError(`--limit wants a number from 1 to ${MAX_LIMIT}`);
    // Loaded when asked for: the recorder starts through this program too.
    const { listAudit } = await import('../audit/audit.js');
    const range = { startMs, endMs, kinds: values.kind, limit, before: undefined };
    await listAudit({ configFile: values.config, json: values.json === true }, range, output);
    return EXIT_OK;
  },
};
