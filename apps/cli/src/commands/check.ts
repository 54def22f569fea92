import { ConfigError, loadConfig, printIssue, type NightjarConfig } from '@nightjar/config';
import { configFileOf, readArguments } from '../arguments.js';
import { EXIT_FAILED, EXIT_OK, type Command } from '../command.js';

export const checkCommand: Command = {
  name: 'check',
  summary: 'check a configuration file and name everything that is wrong with it',
  usage: `nightjar check [FILE]

Checks FILE (else $NIGHTJAR_CONFIG, else nightjar.yaml), secret files included. Exit code 0 when it is valid, 1 when not.`,
  async run(args, { out, err }) {
    const { positionals } = readArguments(args, {}, 1);
    const file = configFileOf(positionals[0]);
    try {
      const { config, warnings } = await loadConfig(file);
      for (const warning of warnings) err(`warning: ${printIssue(warning)}`);
      out(`ok: ${file}: ${summaryOf(config)}`);
      return EXIT_OK;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const issue of error.issues) err(printIssue(issue));
      const { length } = error.issues;
      err(`${file}: ${plural(length, 'problem')}; a running Nightjar ignores this file`);
      return EXIT_FAILED;
    }
  },
};

function summaryOf(config: NightjarConfig): string {
  const cameras = Object.values(config.cameras);
  const streams = cameras.reduce((sum, camera) => sum + Object.keys(camera.streams).length, 0);
  const recorded = cameras.filter(({ record }) => record.some(({ mode }) => mode !== 'off')).length;
  const users = Object.keys(config.users).length;
  return [
    `${plural(cameras.length, 'camera')} (${recorded} recorded)`,
    plural(streams, 'stream'),
    plural(Object.keys(config.volumes).length, 'volume'),
    users === 0 ? 'no users: everybody may watch' : plural(users, 'user'),
  ].join(', ');
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
