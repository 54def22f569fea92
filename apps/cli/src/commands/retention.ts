import { readAsked, readTime } from '../arguments.js';
import { EXIT_FAILED, EXIT_OK, UsageError, type Command } from '../command.js';

export const retentionCommand: Command = {
  name: 'retention',
  summary: 'show what will be deleted and why footage is gone; let a blocked plan pass',
  usage: `nightjar retention plan [--json]
nightjar retention status [--json]
nightjar retention approve [VOLUME] [--by NAME] [--json]
nightjar retention why CAMERA TIME [--json]

plan     what would go now, when each volume is full, and which promises cannot be kept; nothing is changed
status   the last sweep of each volume, and what waits for an answer
approve  lets a plan that stopped itself pass once: of VOLUME, or of all
why      what became of the footage of one instant, as 2026-11-20T13:00:00Z

  --config FILE  configuration file (else $NIGHTJAR_CONFIG, else nightjar.yaml)
  --by NAME      who approves (else the user of this shell)
  --json         print one JSON document
Exit code of plan: 1 with warnings; of status: 1 when something waits or a volume is in need; of why: 1 when the footage is gone.`,
  async run(args, output) {
    const { values, positionals, asked } = readAsked(args, { by: { type: 'string' } }, 3);
    const [verb, ...operands] = positionals;
    // Loaded when asked for: the recorder starts through this program too.
    const run = await import('../retention/index.js');
    const failed = await dispatch();
    return failed ? EXIT_FAILED : EXIT_OK;

    async function dispatch(): Promise<boolean> {
      switch (verb) {
        case 'plan':
          expectOperands(operands, 0, 'plan');
          return run.showPlan(asked, output);
        case 'status':
          expectOperands(operands, 0, 'status');
          return run.showStatus(asked, output);
        case 'approve':
          if (operands.length > 1) throw new UsageError('expected: approve [VOLUME]');
          return run.approve(asked, operands[0], values.by, output);
        case 'why': {
          expectOperands(operands, 2, 'why CAMERA TIME');
          const [camera = '', time = ''] = operands;
          return run.showWhy(asked, camera, readTime('TIME', time), output);
        }
        case undefined:
        default:
          throw new UsageError('expected: plan, status, approve or why');
      }
    }
  },
};

function expectOperands(operands: readonly string[], count: number, form: string): void {
  if (operands.length !== count) throw new UsageError(`expected: ${form}`);
}
