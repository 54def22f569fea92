import { readAsked, readLimit, readRange } from '../arguments.js';
import { EXIT_OK, type Command } from '../command.js';

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
    const { values, asked } = readAsked(
      args,
      {
        from: { type: 'string' },
        to: { type: 'string' },
        kind: { type: 'string', multiple: true },
        limit: { type: 'string' },
      },
      0,
    );
    const limit = readLimit(values.limit);
    // Loaded when asked for: the recorder starts through this program too.
    const { listAudit } = await import('../audit/audit.js');
    const range = { ...readRange(values), kinds: values.kind, limit, before: undefined };
    await listAudit(asked, range, output);
    return EXIT_OK;
  },
};
