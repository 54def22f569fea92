import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { NightjarError } from '@nightjar/common';
import { errnoWords } from './errno.js';

export type Environment = Readonly<Record<string, string | undefined>>;
export type Secret =
  { readonly ok: true; readonly value: string } | { readonly ok: false; readonly reason: string };

export const MAX_SECRET_BYTES = 8 * 1024;

/** Stands for the folder in which systemd gives a service its credentials (systemd.exec(5), LoadCredential=). */
const CREDENTIALS = /^\$(?:CREDENTIALS_DIRECTORY|\{CREDENTIALS_DIRECTORY\})\//;

/**
 * Reads a secret from a file or an environment variable. Relative paths start at `baseDir`, those that begin with
 * `$CREDENTIALS_DIRECTORY/` at the folder that systemd names by it. Reasons never hold the secret.
 */
export async function readSecret(
  reference: { readonly file?: string | undefined; readonly env?: string | undefined },
  baseDir: string,
  environment: Environment,
): Promise<Secret> {
  if (reference.env !== undefined) {
    const value = environment[reference.env];
    if (value === undefined || value === '') {
      return { ok: false, reason: `environment variable ${reference.env} is not set` };
    }
    return { ok: true, value };
  }
  const { file = '' } = reference;
  if (!CREDENTIALS.test(file)) return readSecretFile(path.resolve(baseDir, file));
  const folder = environment['CREDENTIALS_DIRECTORY'];
  return folder
    ? readSecretFile(path.join(folder, file.replace(CREDENTIALS, '')))
    : {
        ok: false,
        reason: `${file}: only a service with LoadCredential= has CREDENTIALS_DIRECTORY`,
      };
}

async function readSecretFile(file: string): Promise<Secret> {
  try {
    const { size } = await stat(file);
    if (size > MAX_SECRET_BYTES) {
      return { ok: false, reason: `${file} is larger than ${MAX_SECRET_BYTES} bytes` };
    }
    const value = (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
    return value === '' ? { ok: false, reason: `${file} is empty` } : { ok: true, value };
  } catch (error) {
    return { ok: false, reason: `cannot read ${file}: ${errnoWords(error)}` };
  }
}

/** Writes a secret that only this user can read (0600, its folder 0700 when new). Throws NightjarError `config/secret-write`. */
export async function writeSecret(file: string, value: string): Promise<void> {
  try {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, value, { mode: 0o600 });
    await chmod(file, 0o600);
  } catch (error) {
    const message = `cannot write ${file}: ${errnoWords(error)}`;
    throw new NightjarError('unavailable', 'config/secret-write', message, { file }, error);
  }
}
