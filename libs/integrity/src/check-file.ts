import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { DamageKind } from '@nightjar/catalog';
import { messageOf, NightjarError } from '@nightjar/common';
import { readSegmentIndex } from '@nightjar/containers';
import { FileSource, hashFile } from '@nightjar/recording';

/** What the catalog says about a file. */
export interface ExpectedFile {
  readonly bytes: number;
  readonly hash: string;
}

/** What a check of one file found. */
export interface FileVerdict {
  /** Bytes that were read. */
  readonly bytes: number;
  /** Undefined: the file is what was recorded. */
  readonly damage: { readonly kind: DamageKind; readonly detail: string } | undefined;
}

/** Errors of a file or of the sectors under it. Others mean that the volume is not there. */
const FILE_ERRORS: readonly string[] = ['EIO', 'EACCES', 'EPERM', 'EISDIR', 'ENODATA', 'EUCLEAN'];

/**
 * Reads a whole segment file and compares it with the hash in its own index, and with what the catalog knows.
 * @param path absolute
 * @param before is awaited before so many bytes are read
 * @throws the error of the file system when the file is not what is at fault, and whatever `before` throws
 */
export async function checkFile(
  path: string,
  expected: ExpectedFile | undefined,
  before: (bytes: number) => Promise<void>,
): Promise<FileVerdict> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    return { bytes: 0, damage: damageOf(error) };
  }
  try {
    return await checkOpen(file, expected, before);
  } catch (error) {
    if (error instanceof NightjarError && error.kind === 'cancelled') throw error;
    return { bytes: 0, damage: damageOf(error) };
  } finally {
    await file.close();
  }
}

async function checkOpen(
  file: FileHandle,
  expected: ExpectedFile | undefined,
  before: (bytes: number) => Promise<void>,
): Promise<FileVerdict> {
  const source = await FileSource.over(file);
  const damaged = (bytes: number, kind: DamageKind, detail: string): FileVerdict => ({
    bytes,
    damage: { kind, detail },
  });
  const found = await readSegmentIndex(source);
  if (found === undefined) {
    const size =
      expected === undefined || source.size === expected.bytes ? '' : sizes(source.size, expected);
    return damaged(0, 'not-closed', `the index at the end is missing${size}`);
  }
  const hash = await hashFile(file, found.offset, before);
  if (hash !== found.index.hash)
    return damaged(
      found.offset,
      'altered',
      `its media have hash ${hash}, its index says ${found.index.hash}`,
    );
  if (expected !== undefined && expected.hash !== hash)
    return damaged(
      found.offset,
      'replaced',
      `it is whole, but has hash ${hash}; recorded was ${expected.hash}`,
    );
  if (expected !== undefined && expected.bytes !== source.size)
    return damaged(found.offset, 'altered', `its media are right${sizes(source.size, expected)}`);
  return { bytes: found.offset, damage: undefined };
}

function sizes(bytes: number, expected: ExpectedFile): string {
  return `; it has ${bytes} bytes of ${expected.bytes}`;
}

function damageOf(error: unknown): { kind: DamageKind; detail: string } {
  if (error instanceof NightjarError) return { kind: 'unreadable', detail: error.message };
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ENOENT') return { kind: 'missing', detail: 'the file is not there' };
  if (FILE_ERRORS.includes(code)) return { kind: 'unreadable', detail: messageOf(error) };
  throw error;
}
