import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, NightjarError } from '@nightjar/common';

const KEY_BYTES = 32;

/** Where a data directory keeps the key that signs URLs. Without it no URL signed before is valid. */
export function urlKeyFile(dataDir: string): string {
  return join(dataDir, 'secrets', 'url-key');
}

/**
 * The key in `file`; made when there is none yet, readable by this user alone. Of several processes that come here at
 * once all get the same.
 * @throws NightjarError 'unavailable' when it can neither be read nor written, 'invalid' when the file holds something else
 */
export async function keptUrlKey(file: string): Promise<Buffer> {
  try {
    return (await readKey(file)) ?? (await makeKey(file));
  } catch (error) {
    if (error instanceof NightjarError) throw error;
    const message = `the key that signs URLs: ${messageOf(error)}`;
    throw new NightjarError('unavailable', 'access/url-key', message, { file }, error);
  }
}

async function makeKey(file: string): Promise<Buffer> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draftFile = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const draft = await open(draftFile, 'wx', 0o600);
  try {
    await draft.writeFile(`${randomBytes(KEY_BYTES).toString('base64url')}\n`);
    await draft.sync();
  } finally {
    await draft.close();
  }
  await link(draftFile, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await unlink(draftFile);
  const key = await readKey(file);
  if (key === undefined)
    throw new NightjarError('unavailable', 'access/url-key', `${file} vanished`);
  return key;
}

async function readKey(file: string): Promise<Buffer | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const key = Buffer.from(text.trim(), 'base64url');
  if (key.length !== KEY_BYTES)
    throw new NightjarError(
      'invalid',
      'access/url-key',
      `${file} holds no key; remove it for a new one`,
    );
  return key;
}
