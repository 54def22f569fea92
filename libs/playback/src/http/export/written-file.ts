import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { ExportFile } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';

/**
 * Writes a new file and makes it durable.
 * @param written told of every block
 * @throws NightjarError 'exhausted' `footage/disk-full` when the disk is full, or the error of the file system
 */
export async function writeFileFrom(
  path: string,
  name: string,
  blocks: AsyncIterable<Uint8Array>,
  written: (bytes: number) => Promise<void> | void,
): Promise<ExportFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  const handle = await open(path, 'wx').catch((error: unknown) => {
    throw diskError(error);
  });
  try {
    for await (const block of blocks) {
      for (let done = 0; done < block.length;)
        done += (await handle.write(block, done, block.length - done)).bytesWritten;
      hash.update(block);
      bytes += block.length;
      await written(block.length);
    }
    await handle.sync();
  } catch (error) {
    throw diskError(error);
  } finally {
    await handle.close();
  }
  return { name, bytes, sha256: hash.digest('hex') };
}

/** A full disk in words; anything else as it is. */
export function diskError(error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new NightjarError(
    'exhausted',
    'footage/disk-full',
    'the disk of the exports is full',
    {},
    error,
  );
}
