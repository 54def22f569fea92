import { readAsked } from '../arguments.js';
import { EXIT_FAILED, EXIT_OK, type Command } from '../command.js';

export const camerasCommand: Command = {
  name: 'cameras',
  summary: 'list the cameras, what is offline and why, and which login a camera refuses',
  usage: `nightjar cameras [--json]

As the catalog knows it, some seconds late. A stream that nobody wants now is not offline.

  --config FILE  configuration file (else $NIGHTJAR_CONFIG, else nightjar.yaml)
  --json         print one JSON document
Exit code: 1 when a stream is offline.`,
  async run(args, output) {
    const { asked } = readAsked(args, {});
    // Loaded when asked for: the recorder starts through this program too.
    const { showCameras } = await import('../events/cameras.js');
    return (await showCameras(asked, output)) ? EXIT_FAILED : EXIT_OK;
  },
};
