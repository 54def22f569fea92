import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { NightjarError } from '@nightjar/common';
import type { ConversionContext } from './conversion.js';
import { outOfTime, readKeyPair, type KeyPairFiles } from './key-pair.js';
import { errnoWords } from './errno.js';
import type { CameraTlsConfig, ServerTlsConfig } from './model.js';
import type { CameraEntry, ConfigFile } from './schema.js';

const AT = ['rtsp', 'tls'];

/** Where a certificate that Nightjar makes for itself is kept. */
export function selfSignedFiles(dataDir: string): KeyPairFiles {
  const secrets = path.join(dataDir, 'secrets');
  return {
    certFile: path.join(secrets, 'rtsp-cert.pem'),
    keyFile: path.join(secrets, 'rtsp-key.pem'),
  };
}

/** Resolves the files of the server's certificate, and sees that they can be used. */
export async function toServerTls(
  tls: ConfigFile['rtsp']['tls'],
  dataDir: string,
  context: ConversionContext,
): Promise<ServerTlsConfig | undefined> {
  if (tls === undefined) return undefined;
  const { certFile, keyFile, selfSigned, port, required } = tls;
  const common = { selfSigned, port, required };
  if (selfSigned) {
    if (certFile !== undefined || keyFile !== undefined)
      context.report(AT, 'has selfSigned and files of a certificate; keep one', 'key');
    const files = selfSignedFiles(dataDir);
    if (existsSync(files.certFile)) await checkFiles(files, context);
    return { ...files, ...common };
  }
  if (certFile === undefined || keyFile === undefined) {
    context.report(AT, 'needs certFile and keyFile, or selfSigned: true', 'key');
    return undefined;
  }
  const files = {
    certFile: path.resolve(context.baseDir, certFile),
    keyFile: path.resolve(context.baseDir, keyFile),
  };
  await checkFiles(files, context);
  return { ...files, ...common };
}

async function checkFiles(files: KeyPairFiles, { report, warn }: ConversionContext): Promise<void> {
  try {
    const wrong = outOfTime(await readKeyPair(files), Date.now());
    if (wrong !== undefined) warn([...AT, 'certFile'], wrong);
  } catch (error) {
    if (!(error instanceof NightjarError)) throw error;
    report([...AT, String(error.where['file'])], error.message);
  }
}

/** Reads the authorities of a camera. */
export async function toCameraTls(
  tls: CameraEntry['tls'],
  at: string[],
  context: ConversionContext,
): Promise<CameraTlsConfig | undefined> {
  if (tls === undefined) return undefined;
  const { caFile, fingerprint, insecure } = tls;
  if (insecure && (caFile !== undefined || fingerprint !== undefined))
    context.report(at, 'is insecure, and says what to trust; keep one', 'key');
  return { ca: await readAuthorities(caFile, at, context), fingerprint, insecure };
}

/** The PEM text of `caFile`; undefined when there is none, or none that can be used. */
export async function readAuthorities(
  caFile: string | undefined,
  at: string[],
  { baseDir, report }: ConversionContext,
): Promise<string | undefined> {
  if (caFile === undefined) return undefined;
  const file = path.resolve(baseDir, caFile);
  let ca: string | undefined;
  try {
    ca = await readFile(file, 'utf8');
    authorityOf(ca);
    return ca;
  } catch (error) {
    const reason =
      ca === undefined
        ? `cannot read ${file}: ${errnoWords(error)}`
        : `${file} is no certificate in PEM form`;
    report([...at, 'caFile'], reason);
    return undefined;
  }
}

/** @throws when it is none */
function authorityOf(pem: string): X509Certificate {
  return new X509Certificate(pem);
}
