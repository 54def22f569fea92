import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Device } from '@nightjar/catalog';
import { messageOf, NightjarError } from '@nightjar/common';
import type { Output } from '../command.js';
import { show, type Asked } from '../show.js';
import { withDevices } from './with-devices.js';

const MAX_CREDENTIALS_BYTES = 8 * 1024;

export interface AdoptOptions {
  readonly name: string;
  readonly credentialsFile: string | undefined;
  /** undefined: the file has it, too. */
  readonly username: string | undefined;
  readonly managed: boolean;
  readonly followsDevice: boolean;
  readonly passwordText: boolean;
  readonly fingerprint: string | undefined;
  readonly record: 'continuous' | 'event' | undefined;
}

/** @throws NightjarError `not-found`, `conflict` for a name of several devices, and what Adopter throws */
export async function adopt(
  asked: Asked,
  wanted: string,
  options: AdoptOptions,
  output: Output,
): Promise<void> {
  const { credentialsFile, username, managed, ...rest } = options;
  const login =
    credentialsFile === undefined ? undefined : await readLogin(credentialsFile, username);
  const adoption = await withDevices(asked, async ({ catalog, adopter }) =>
    adopter.adopt(find(await catalog.devices.list(), wanted), {
      ...rest,
      login,
      as: managed ? 'managed' : 'declared',
      // The file with user and password is none that the configuration can name.
      passwordFile:
        credentialsFile !== undefined && username !== undefined
          ? path.resolve(credentialsFile)
          : undefined,
    }),
  );
  show(asked, output, adoption, () =>
    managed
      ? [`${adoption.camera} is a camera now: ${adoption.streams.join(', ')}`]
      : adoption.yaml.trimEnd().split('\n'),
  );
}

function find(devices: readonly Device[], wanted: string): Device {
  const meant = devices.filter(
    ({ id, endpoint, serial, addresses }) =>
      String(id) === wanted || endpoint === wanted || serial === wanted || addresses[0] === wanted,
  );
  const [device, other] = meant;
  if (device === undefined)
    throw new NightjarError(
      'not-found',
      'cli/no-device',
      `there is no device ${wanted}; nightjar discover lists them`,
    );
  if (other === undefined) return device;
  const ids = meant.map(({ id }) => id).join(', ');
  throw new NightjarError('conflict', 'cli/devices', `${wanted} is several devices: ${ids}`);
}

async function readLogin(
  file: string,
  username: string | undefined,
): Promise<{ username: string; password: string }> {
  let text: string;
  try {
    if ((await stat(file)).size > MAX_CREDENTIALS_BYTES) throw new Error('it is too large');
    text = (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
  } catch (error) {
    throw new NightjarError(
      'invalid',
      'cli/credentials',
      `cannot read ${file}: ${messageOf(error)}`,
    );
  }
  if (username !== undefined) return { username, password: text };
  const colon = text.indexOf(':');
  if (colon < 1 || text.includes('\n'))
    throw new NightjarError(
      'invalid',
      'cli/credentials',
      `${file} does not hold USER:PASSWORD; for a file with the password alone give --username`,
    );
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
