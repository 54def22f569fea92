import { existsSync } from 'node:fs';
import path from 'node:path';
import { NightjarError } from '@nightjar/common';
import type { ConversionContext } from './conversion.js';
import { outOfTime, readKeyPair, type KeyPairFiles } from './key-pair.js';
import type { ServerTlsConfig } from './model.js';
import type { ConfigFile } from './schema.js';

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
