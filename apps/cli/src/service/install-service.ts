import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { NightjarError } from '@nightjar/common';

/** What the unit files in infra/systemd name, for an installation in the usual place. */
const USUAL = { node: '/usr/bin/node', installation: '/opt/nightjar' } as const;
const APPLIANCE = ['nightjar.service'];
const ROLES = ['nightjar-media.service', 'nightjar-control.service', 'nightjar-worker.service'];
const ACCOUNT = 'nightjar';
/** The units hide these from the service (ProtectHome=). */
const HIDDEN = /^\/(?:home|root|run\/user)\//;
/** As systemd wants a credential's id, which is also the name of its file. */
const CREDENTIAL = /^[A-Za-z0-9_.-]{1,255}$/;

export interface InstallOptions {
  /** Where `etc` and `usr` are; `/` but for packages. */
  readonly root: string;
  readonly installation: string;
  readonly node: string;
  /** The roles one by one, instead of the appliance. */
  readonly split: boolean;
  /** Runs a program of systemd; throws when it fails. */
  readonly run: (program: string, ...args: readonly string[]) => void;
}

export interface Installed {
  /** Files written, as they are called on the target. */
  readonly files: readonly string[];
  /** What `systemctl enable --now` takes. */
  readonly unit: string;
  readonly credentials: readonly string[];
}

/**
 * Installs the service: units, account, command, and where there is none an empty configuration. Files of the operator are left
 * alone, so that it may be run again after an upgrade, and after a change of credentials.
 *
 * @throws NightjarError `invalid` for an installation that the service could not see, `forbidden` without the rights
 */
export async function installService(options: InstallOptions): Promise<Installed> {
  for (const file of [options.installation, options.node])
    if (HIDDEN.test(file))
      throw new NightjarError(
        'invalid',
        'service/hidden',
        `${file} is in a home directory, which the service does not see: install below /opt and /usr`,
      );
  const live = options.root === '/';
  const files: string[] = [];
  const put = async (file: string, text: string, mode = 0o644): Promise<void> => {
    const target = path.join(options.root, file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text, { mode });
    await chmod(target, mode);
    files.push(file);
  };
  const source = (name: string): Promise<string> =>
    readFile(path.join(options.installation, 'infra', 'systemd', name), 'utf8');
  const adapted = (text: string): string =>
    text.replaceAll(USUAL.node, options.node).replaceAll(USUAL.installation, options.installation);

  try {
    await put('/etc/sysusers.d/nightjar.conf', await source('nightjar.sysusers.conf'));
    if (live) options.run('systemd-sysusers', '/etc/sysusers.d/nightjar.conf');
    await makeConfiguration(options, put);
    const credentials = await credentialsIn(options.root);
    const units = options.split ? ROLES : APPLIANCE;
    for (const unit of units) {
      await put(`/etc/systemd/system/${unit}`, adapted(await source(unit)));
      await putCredentials(options.root, unit, credentials, put);
    }
    if (options.split)
      await put('/etc/systemd/system/nightjar.target', await source('nightjar.target'));
    await put('/usr/local/bin/nightjar', commandText(options, credentials), 0o755);
    if (live) options.run('systemctl', 'daemon-reload');
    return { files, unit: options.split ? 'nightjar.target' : 'nightjar.service', credentials };
  } catch (error) {
    const { code, path: file = '' } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') throw error;
    const message = `cannot write ${file} (${code}): run it as root`;
    throw new NightjarError('forbidden', 'service/rights', message, {}, error);
  }
}

type Put = (file: string, text: string, mode?: number) => Promise<void>;

/** For root to write and the service to read. */
async function makeConfiguration({ root }: InstallOptions, put: Put): Promise<void> {
  const folder = path.join(root, 'etc', 'nightjar');
  await mkdir(path.join(folder, 'credentials'), { recursive: true });
  await chmod(folder, 0o750);
  await chmod(path.join(folder, 'credentials'), 0o700);
  const file = '/etc/nightjar/nightjar.yaml';
  if (!existsSync(path.join(root, file))) await put(file, FIRST_CONFIGURATION, 0o640);
  if (root !== '/') return;
  const group = await groupId();
  await chown(folder, 0, group);
  await chown(file, 0, group);
}

const FIRST_CONFIGURATION = `# Read anew when it is saved. Every key: docs/ref/config.md; check it with: nightjar check
# A file in /etc/nightjar/credentials is named here as $CREDENTIALS_DIRECTORY/<file>; after adding one: nightjar install-service
version: 1

cameras: {}
`;

async function groupId(): Promise<number> {
  const line = (await readFile('/etc/group', 'utf8'))
    .split('\n')
    .find((entry) => entry.startsWith(`${ACCOUNT}:`));
  const id = Number(line?.split(':')[2]);
  if (Number.isSafeInteger(id)) return id;
  throw new NightjarError('unavailable', 'service/no-group', `there is no group ${ACCOUNT}`);
}

async function credentialsIn(root: string): Promise<string[]> {
  const folder = path.join(root, 'etc', 'nightjar', 'credentials');
  const names = (await readdir(folder)).toSorted();
  for (const name of names)
    if (!CREDENTIAL.test(name) || !(await stat(path.join(folder, name))).isFile())
      throw new NightjarError(
        'invalid',
        'service/credential',
        `/etc/nightjar/credentials/${name} is no file whose name has letters, digits, dots, hyphens and underscores alone`,
      );
  return names;
}

/** A unit that names a credential whose file is gone does not start: the list is made anew each time. */
async function putCredentials(
  root: string,
  unit: string,
  credentials: readonly string[],
  put: Put,
): Promise<void> {
  const file = `/etc/systemd/system/${unit}.d/credentials.conf`;
  if (credentials.length === 0) {
    await rm(path.join(root, file), { force: true });
    return;
  }
  const lines = credentials.map(
    (name) => `LoadCredential=${name}:/etc/nightjar/credentials/${name}`,
  );
  await put(file, ['# Made by nightjar install-service.', '[Service]', ...lines, ''].join('\n'));
}

/**
 * The command line with the files of the service. Root becomes the account of the service, so that what it makes on volumes is the
 * service's, too; systemd hands it the credentials that this account cannot read.
 */
function commandText(
  { node, installation }: InstallOptions,
  credentials: readonly string[],
): string {
  const loaded = credentials.map(
    (name) => ` -p LoadCredential=${name}:/etc/nightjar/credentials/${name}`,
  );
  return `#!/bin/sh
# Made by nightjar install-service.
: "\${NIGHTJAR_CONFIG:=/etc/nightjar/nightjar.yaml}" "\${NIGHTJAR_DATA_DIR:=/var/lib/nightjar}"
export NIGHTJAR_CONFIG NIGHTJAR_DATA_DIR
run="${node} ${installation}/dist/apps/cli/src/main.js"
if [ "$(id -u)" != 0 ] || [ "$1" = install-service ]; then
  exec $run "$@"
fi
exec systemd-run --quiet --pipe --wait --collect -p User=${ACCOUNT} -p Group=${ACCOUNT} -p WorkingDirectory=-"$PWD" \\
  -E NIGHTJAR_CONFIG -E NIGHTJAR_DATA_DIR${loaded.join('')} -- $run "$@"
`;
}
