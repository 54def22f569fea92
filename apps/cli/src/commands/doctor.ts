import { readAsked } from '../arguments.js';
import { EXIT_FAILED, EXIT_OK, type Command } from '../command.js';

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'look at ports, clock, disks, database and cameras, and say what to do',
  usage: `nightjar doctor [--no-cameras] [--config FILE] [--json]

Looks at what Nightjar needs on this machine, before it runs or while it does: the clock, the ports, each disk (the right one, room,
rights, speed), the database, and a picture of every stream. Ends with 1 when something is a problem.
  --no-cameras    leaves the cameras alone
  --config FILE   configuration file (else $NIGHTJAR_CONFIG, else nightjar.yaml)
  --json          print one JSON document`,
  async run(args, output) {
    const { values, asked } = readAsked(args, {
      'no-cameras': { type: 'boolean' },
    });
    // Loaded when asked for: the recorder starts through this program too.
    const { examine } = await import('../doctor/index.js');
    const failed = await examine(asked, values['no-cameras'] !== true, output);
    return failed ? EXIT_FAILED : EXIT_OK;
  },
};
