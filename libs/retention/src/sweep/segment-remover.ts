import { open, realpath, rmdir, unlink } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { NightjarError } from '@nightjar/common';
import { parseSegmentPath } from '@nightjar/recording';

/** The system calls of a removal, as a port, so that a test can end the process at each of them. */
export interface RemovalSystem {
  unlink(path: string): Promise<void>;
  rmdir(path: string): Promise<void>;
  realpath(path: string): Promise<string>;
  /** Makes what happened in a directory survive a power loss. */
  syncDirectory(path: string): Promise<void>;
}

export const nodeRemovalSystem: RemovalSystem = {
  unlink,
  rmdir,
  realpath,
  async syncDirectory(path) {
    const directory = await open(path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  },
};

const HOUR_MS = 3_600_000;
/** Directories of the volume format below a stream: year, month, day, hour. */
const DATED_LEVELS = 4;

/** Removes segment files of one volume, and nothing that is not one. */
export class SegmentRemover {
  constructor(
    private readonly root: string,
    private readonly system: RemovalSystem,
  ) {}

  /**
   * Removes the files and makes that durable. A file that is gone already counts as removed.
   * @returns for each path that is still there, why
   */
  async remove(paths: readonly string[]): Promise<Map<string, unknown>> {
    const failures = new Map<string, unknown>();
    const touched = new Set<string>();
    const root = await this.system.realpath(this.root);
    for (const path of paths) {
      try {
        const directory = await this.directoryOf(root, path);
        if (directory === undefined) continue;
        touched.add(directory);
        await ignoring(['ENOENT'], this.system.unlink(join(root, path)));
      } catch (error) {
        failures.set(path, error);
      }
    }
    for (const directory of touched)
      await ignoring(['ENOENT'], this.system.syncDirectory(directory));
    return failures;
  }

  /**
   * Removes the hour directories of these paths, and the dated ones above, where they are empty. The hour that just went
   * by is left alone: the recorder may be about to create a file there.
   */
  async removeEmptyDirectories(
    segments: readonly { path: string; startMs: number }[],
    nowMs: number,
  ): Promise<void> {
    const hours = new Set<string>();
    for (const { path, startMs } of segments) {
      const old = nowMs - startMs > 2 * HOUR_MS;
      if (old && parseSegmentPath(path) !== undefined) hours.add(dirname(path));
    }
    for (const hour of hours) {
      let directory = hour;
      for (let level = 0; level < DATED_LEVELS; level++, directory = dirname(directory)) {
        if (!(await this.removeIfEmpty(join(this.root, directory)))) break;
      }
    }
  }

  /** False if something is in it. */
  private async removeIfEmpty(directory: string): Promise<boolean> {
    try {
      await ignoring(['ENOENT'], this.system.rmdir(directory));
      return true;
    } catch (error) {
      if (isErrno(error, ['ENOTEMPTY', 'EEXIST'])) return false;
      throw error;
    }
  }

  /**
   * The real directory of a segment; undefined if it does not exist, and the file with it.
   * @throws NightjarError for a path that is no segment's or leads out of the volume
   */
  private async directoryOf(root: string, path: string): Promise<string | undefined> {
    if (parseSegmentPath(path) === undefined) {
      throw new NightjarError(
        'data-loss',
        'retention/foreign-path',
        `${path} is not the path of a segment`,
        { path },
      );
    }
    const lexical = dirname(join(root, path));
    const real = await ignoring(['ENOENT'], this.system.realpath(lexical));
    if (real !== undefined && !real.startsWith(root + sep)) {
      throw new NightjarError(
        'data-loss',
        'retention/outside-volume',
        `${path} leads out of its volume to ${real}`,
        { path },
      );
    }
    return real;
  }
}

async function ignoring<Result>(
  codes: readonly string[],
  work: Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isErrno(error, codes)) return undefined;
    throw error;
  }
}

function isErrno(error: unknown, codes: readonly string[]): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    codes.includes(String(error.code))
  );
}
