import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { isIP } from 'node:net';
import path from 'node:path';
import { messageOf, NightjarError } from '@nightjar/common';
import { selfSignedFiles, writeSecret } from '@nightjar/config';
import { makeSelfSigned, namesOfThisMachine } from '@nightjar/relay';
import type { Output } from '../command.js';
import { readConfig } from '../open-archive.js';
import { show, type Asked } from '../show.js';

export interface CertificateRequest {
  /** Hosts and addresses; empty: those of this machine. */
  readonly names: readonly string[];
  readonly days: number | undefined;
  /** Undefined: where the configuration looks. */
  readonly folder: string | undefined;
  readonly force: boolean;
}

const MAX_NAMES = 100;
/** RFC 5280 s.4.2.1.6, with a `*` for the first label. */
const HOST_NAME =
  /^(?=.{1,253}$)(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/**
 * Makes a certificate and its key, and writes them.
 * @throws NightjarError `invalid` for names that are none, `conflict` for files that are there, `unavailable` when they
 * cannot be written
 */
export async function writeCertificate(
  asked: Asked,
  { names, days, folder, force }: CertificateRequest,
  output: Output,
): Promise<void> {
  checkNames(names);
  const { certFile, keyFile } =
    folder === undefined
      ? selfSignedFiles((await readConfig(asked.configFile)).dataDir)
      : {
          certFile: path.resolve(folder, 'rtsp-cert.pem'),
          keyFile: path.resolve(folder, 'rtsp-key.pem'),
        };
  for (const file of force ? [] : [certFile, keyFile]) {
    if (existsSync(file))
      throw new NightjarError('conflict', 'cli/exists', `${file} exists; --force takes its place`);
  }
  const all = names.length === 0 ? namesOfThisMachine() : [...new Set(names)];
  const { cert, key } = makeSelfSigned(all, Date.now(), days);
  await replace(keyFile, key);
  await replace(certFile, cert);
  const { fingerprint256: sha256, validTo } = new X509Certificate(cert);
  const expires = new Date(validTo).toISOString();
  show(asked, output, { certFile, keyFile, names: all, sha256, expires }, () => [
    `certificate  ${certFile}`,
    `key          ${keyFile}`,
    `names        ${all.join(', ')}`,
    `valid until  ${expires}`,
    `SHA-256      ${sha256}`,
  ]);
}

function checkNames(names: readonly string[]): void {
  if (names.length > MAX_NAMES)
    throw new NightjarError(
      'invalid',
      'cli/names',
      `a certificate is for ${MAX_NAMES} names at most`,
    );
  for (const name of names) {
    if (isIP(name) === 0 && !HOST_NAME.test(name))
      throw new NightjarError('invalid', 'cli/name', `"${name}" is no host name and no IP address`);
  }
}

/** Nobody reads half of it, nor a key that others could read for a moment. */
async function replace(file: string, text: string): Promise<void> {
  const draft = `${file}.new`;
  await writeSecret(draft, text);
  try {
    await rename(draft, file);
  } catch (error) {
    const message = `cannot write ${file}: ${messageOf(error)}`;
    throw new NightjarError('unavailable', 'cli/write', message, { file }, error);
  }
}
