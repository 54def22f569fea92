import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { NightjarError } from '@nightjar/common';

/** What runs, as text: secrets are named in it, not written. */
export interface AppliedConfiguration {
  /** Absolute path; relative paths in the text start at its folder. */
  readonly file: string;
  /** When the process began: keys that need a restart are still those. */
  readonly started: string;
  /** The last one that was valid. */
  readonly accepted: string;
  /** RFC 3339. */
  readonly acceptedAt: string;
}

const fileIn = (dataDir: string): string => path.join(dataDir, 'run', 'applied-configuration.json');

/** Notes what runs, for `nightjar plan` to compare with. Throws what the file system does. */
export async function noteApplied(dataDir: string, applied: AppliedConfiguration): Promise<void> {
  const file = fileIn(dataDir);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify(applied), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/**
 * What {@link noteApplied} noted last.
 * @throws NightjarError `unavailable` `config/nothing-applied` when Nightjar has not run with this data directory
 */
export async function readApplied(dataDir: string): Promise<AppliedConfiguration> {
  const file = fileIn(dataDir);
  try {
    return JSON.parse(await readFile(file, 'utf8')) as AppliedConfiguration;
  } catch (error) {
    throw new NightjarError(
      'unavailable',
      'config/nothing-applied',
      `${file} cannot be read: has Nightjar run with this data directory, and may you read it?`,
      {},
      error,
    );
  }
}
