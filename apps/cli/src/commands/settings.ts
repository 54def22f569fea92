import { readAsked } from '../arguments.js';
import { EXIT_FAILED, EXIT_OK, type Command } from '../command.js';

export const settingsCommand: Command = {
  name: 'settings',
  summary: 'compare how cameras are set with what is declared',
  usage: `nightjar settings [CAMERA] [--apply] [--json]

Asks cameras with declared settings (onvif.enforce) how they are set, and lists what is other. The exit code is 0 when
nothing is. Nightjar has to be running, or have run: the cameras are those that it found in the network.
  --apply         set what is other, once, and list what the cameras did not take
  --config FILE   configuration file (else $NIGHTJAR_CONFIG, else nightjar.yaml)
  --json          print one JSON document`,
  async run(args, output) {
    const { values, positionals, asked } = readAsked(args, { apply: { type: 'boolean' } }, 1);
    // Loaded when asked for: the recorder starts through this program too.
    const { compareSettings } = await import('../discovery/index.js');
    const [camera] = positionals;
    const same = await compareSettings(asked, camera, values.apply === true, output);
    return same ? EXIT_OK : EXIT_FAILED;
  },
};
