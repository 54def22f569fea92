import { readArguments } from '../arguments.js';
import type { Command } from '../command.js';

export const fsckCommand: Command = {
  name: 'fsck',
  summary: 'compare the footage on the volumes with the catalog',
  usage: `nightjar fsck [--config FILE] [--volume NAME] [--repair]

  --config FILE  configuration file (else $NIGHTJAR_CONFIG, else nightjar.yaml)
  --volume NAME  look at this volume only
  --repair       rebuild the catalog's rows from the files`,
  async run(args, { out }) {
    const { values } = readArguments(args, {
      config: { type: 'string' },
      volume: { type: 'string' },
      repair: { type: 'boolean' },
    });
    const { runFsck } = await import('../fsck/index.js');
    return runFsck({
      ...(values.config === undefined ? {} : { configFile: values.config }),
      ...(values.volume === undefined ? {} : { volume: values.volume }),
      repair: values.repair ?? false,
      out,
    });
  },
};
