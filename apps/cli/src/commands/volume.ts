import { loadConfig } from '@nightjar/config';
import { KnownVolumes, Volume, knownVolumesFile } from '@nightjar/recording';
import { readArguments } from '../arguments.js';
import { EXIT_FAILED, EXIT_OK, UsageError, type Command } from '../command.js';

export const volumeCommand: Command = {
  name: 'volume',
  summary: 'take a folder or another disk as a volume',
  usage: `nightjar volume adopt NAME [--config FILE]

Makes what is at the path of volume NAME now that volume: a folder that holds other files, a disk put in the place of
another, or an empty folder where a disk was lost. Nothing in it is changed but .nightjar/volume.json is added if it is
not there. A running Nightjar takes it up by itself.

  --config FILE  configuration file (else $NIGHTJAR_CONFIG, else nightjar.yaml)`,
  async run(args, { out, err }) {
    const { values, positionals } = readArguments(args, { config: { type: 'string' } }, 2);
    const [verb, name] = positionals;
    if (verb !== 'adopt' || name === undefined) throw new UsageError('expected: adopt NAME');
    const { config } = await loadConfig(
      values.config ?? (process.env['NIGHTJAR_CONFIG'] || 'nightjar.yaml'),
    );
    const volume = config.volumes[name];
    if (volume === undefined) {
      err(`no volume ${name}; there are ${Object.keys(config.volumes).join(', ')}`);
      return EXIT_FAILED;
    }
    const { id } = await Volume.open(name, volume.path, { adopt: true });
    const known = await KnownVolumes.load(knownVolumesFile(config.dataDir));
    await known.remember(name, volume.path, id);
    out(`${volume.path} is volume ${name} (${id})`);
    return EXIT_OK;
  },
};
