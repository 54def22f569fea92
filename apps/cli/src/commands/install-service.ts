import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { NightjarError } from '@nightjar/common';
import { INSTALLATION } from '@nightjar/role';
import { readArguments } from '../arguments.js';
import { EXIT_OK, type Command } from '../command.js';

export const installServiceCommand: Command = {
  name: 'install-service',
  summary: 'run Nightjar as a service of systemd',
  usage: `nightjar install-service [--split] [--root DIR]

Writes the units, the account nightjar, /etc/nightjar with an empty configuration and the command /usr/local/bin/nightjar. What is in
/etc/nightjar stays as it is. Run it again after an upgrade, and when files in /etc/nightjar/credentials come or go: each is given to
the service as a credential, which the configuration names as $CREDENTIALS_DIRECTORY/<file>.

  --split     the roles as services of their own (nightjar.target); they want a PostgreSQL of yours in database.urlFile
  --root DIR  write below DIR and start nothing, to make a package`,
  async run(args, { out }) {
    const { values } = readArguments(args, {
      split: { type: 'boolean' },
      root: { type: 'string' },
    });
    // Loaded when asked for: the recorder starts through this program too.
    const { installService } = await import('../service/install-service.js');
    const { files, unit, credentials } = await installService({
      root: path.resolve(values.root ?? '/'),
      installation: INSTALLATION,
      node: process.execPath,
      split: values.split === true,
      run,
    });
    for (const file of files) out(`wrote ${file}`);
    if (credentials.length > 0) out(`credentials: ${credentials.join(', ')}`);
    out(`next: edit /etc/nightjar/nightjar.yaml, then systemctl enable --now ${unit}`);
    return EXIT_OK;
  },
};

function run(program: string, ...args: readonly string[]): void {
  const done = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (done.status === 0) return;
  const reason = done.error?.message ?? `exit code ${done.status}`;
  throw new NightjarError(
    'unavailable',
    'service/systemd',
    `${program} ${args.join(' ')} failed (${reason}): is this a system with systemd?`,
  );
}
