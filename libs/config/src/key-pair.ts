import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { NightjarError, messageOf } from '@nightjar/common';
import { errnoWords } from './errno.js';

/** A chain of certificates is some 10 kB. */
const MAX_PEM_BYTES = 256 * 1024;

/** A certificate with its chain, and its private key; both PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
  /** End of the time for which the certificate is good, Unix epoch ms. */
  readonly notAfterMs: number;
  readonly notBeforeMs: number;
}

export interface KeyPairFiles {
  /** Absolute paths. */
  readonly certFile: string;
  readonly keyFile: string;
}

/**
 * Reads a certificate and its key, and sees that they belong together.
 * @throws NightjarError `invalid` that says what is wrong with which file; `where.file` is `certFile` or `keyFile`
 */
export async function readKeyPair({ certFile, keyFile }: KeyPairFiles): Promise<KeyPair> {
  const cert = await readPem(certFile, 'certFile');
  const key = await readPem(keyFile, 'keyFile');
  return keyPairOf({ cert, key }, { certFile, keyFile });
}

/**
 * Checks a pair that was read.
 * @param files how messages name the two
 * @throws NightjarError `invalid`, as {@link readKeyPair}
 */
export function keyPairOf(
  { cert, key }: { readonly cert: string; readonly key: string },
  { certFile, keyFile }: KeyPairFiles,
): KeyPair {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch (error) {
    throw unusable('certFile', `${certFile} is no certificate in PEM form`, error);
  }
  const privateKey = privateKeyOf(key, keyFile);
  if (!certificate.checkPrivateKey(privateKey))
    throw unusable(
      'keyFile',
      `the key in ${keyFile} is not that of the certificate in ${certFile}`,
    );
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw unusable('certFile', `${certFile} cannot be used for TLS: ${messageOf(error)}`, error);
  }
  return {
    cert,
    key,
    notBeforeMs: Date.parse(certificate.validFrom),
    notAfterMs: Date.parse(certificate.validTo),
  };
}

/** What is wrong with the time of a certificate, in words; undefined when it is good now. */
export function outOfTime(pair: KeyPair, nowMs: number): string | undefined {
  if (pair.notAfterMs <= nowMs)
    return `the certificate expired on ${new Date(pair.notAfterMs).toISOString().slice(0, 10)}`;
  if (pair.notBeforeMs > nowMs)
    return `the certificate is not good before ${new Date(pair.notBeforeMs).toISOString()}`;
  return undefined;
}

function privateKeyOf(key: string, keyFile: string): KeyObject {
  if (/ENCRYPTED/.test(key))
    throw unusable('keyFile', `the key in ${keyFile} has a passphrase; store it without one`);
  try {
    return createPrivateKey(key);
  } catch (error) {
    throw unusable('keyFile', `${keyFile} is no private key in PEM form`, error);
  }
}

async function readPem(file: string, which: 'certFile' | 'keyFile'): Promise<string> {
  let size: number;
  try {
    ({ size } = await stat(file));
    if (size <= MAX_PEM_BYTES) return await readFile(file, 'utf8');
  } catch (error) {
    throw unusable(which, `cannot read ${file}: ${errnoWords(error)}`, error);
  }
  throw unusable(which, `${file} is larger than ${MAX_PEM_BYTES} bytes`);
}

function unusable(file: 'certFile' | 'keyFile', message: string, cause?: unknown): NightjarError {
  return new NightjarError('invalid', 'config/key-pair', message, { file }, cause);
}
