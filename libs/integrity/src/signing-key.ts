import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Where a data directory keeps the key that signs checkpoints. */
export function signingKeyFile(dataDir: string): string {
  return join(dataDir, 'secrets', 'checkpoint-key.pem');
}

/** The private key in `file` (PKCS #8, PEM); made when there is none yet, readable by this user alone. */
export async function keptSigningKey(file: string): Promise<string> {
  const kept = await readIfThere(file);
  if (kept !== undefined) return kept;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync('ed25519');
  const draftFile = `${file}.${process.pid}`;
  const draft = await open(draftFile, 'w', 0o600);
  try {
    await draft.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await draft.sync();
  } finally {
    await draft.close();
  }
  // Of several processes that come here at once the first one wins.
  await link(draftFile, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await unlink(draftFile);
  return readFile(file, 'utf8');
}

/** The public half of a private key, SubjectPublicKeyInfo as PEM: what others verify checkpoints with. */
export function publicKeyOf(privateKey: string): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
