import { mkdir, open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { NightjarError } from '@nightjar/common';
import type { ByteSource } from '@nightjar/containers';
import type { IoLane } from '../volumes/io-lane.js';

/** Makes names in a folder survive a power loss. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Creates a folder below `root` and every one missing above it, durably. `root` itself must exist: it may be a mount. */
export async function makeDirectory(root: string, directory: string): Promise<void> {
  if (directory === root || (await exists(directory))) return;
  const parent = dirname(directory);
  await makeDirectory(root, parent);
  await mkdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await syncDirectory(parent);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}

/** A {@link ByteSource} over an open file; `size` is that of the last {@link FileSource.refresh}. */
export class FileSource implements ByteSource {
  private constructor(
    private readonly handle: FileHandle,
    private bytes: number,
  ) {}

  static async over(handle: FileHandle): Promise<FileSource> {
    return new FileSource(handle, (await handle.stat()).size);
  }

  static async open(path: string): Promise<FileSource> {
    const handle = await open(path, 'r');
    return FileSource.over(handle).catch(async (error: unknown) => {
      await handle.close();
      throw error;
    });
  }

  get size(): number {
    return this.bytes;
  }

  /** Takes notice that the file has grown. */
  async refresh(): Promise<void> {
    this.bytes = (await this.handle.stat()).size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const buffer = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.handle.read(buffer, done, length - done, offset + done);
      if (bytesRead === 0) {
        throw new NightjarError(
          'data-loss',
          'recording/short-read',
          'the file ends before its media',
          {
            byteOffset: offset + done,
          },
        );
      }
      done += bytesRead;
    }
    return buffer;
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/** A file that only grows; one call at a time. */
export interface SegmentFile {
  /**
   * Writes `parts` behind what is there with one system call. They must stay as they are until it resolves or rejects.
   * Rejects with the error of the file system, or with `recording/short-write`: the file may then hold a part of it.
   * @param durable resolves when the bytes are on the disk
   */
  append(parts: readonly Uint8Array[], durable: boolean): Promise<void>;
  /** Makes the file and its metadata durable. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Creates the file; rejects when there is one of that name. */
export type CreateSegmentFile = (path: string) => Promise<SegmentFile>;

export const createSegmentFile: CreateSegmentFile = async (path) => {
  const handle = await open(path, 'wx');
  return {
    append: async (parts, durable) => {
      const wanted = parts.reduce((sum, part) => sum + part.length, 0);
      const { bytesWritten } = await handle.writev(parts);
      if (bytesWritten !== wanted)
        throw new NightjarError('exhausted', 'recording/short-write', 'the disk took only a part');
      if (durable) await handle.datasync();
    },
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
};

/** Files whose every call goes through a lane. */
export function inLane(lane: IoLane, create: CreateSegmentFile): CreateSegmentFile {
  return async (path) => {
    const file = await lane.run(() => create(path));
    return {
      append: (parts, durable) => lane.run(() => file.append(parts, durable)),
      sync: () => lane.run(() => file.sync()),
      close: () => lane.run(() => file.close()),
    };
  };
}
