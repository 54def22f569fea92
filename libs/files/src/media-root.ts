import { NightjarError } from '@nightjar/common';
import { MEDIA_EXTENSIONS, type FileBytes } from '@nightjar/containers';
import { constants } from 'node:fs';
import { open, readlink, realpath, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

/** What is read of a file in one piece: tables of a long film, one large picture. */
const MAX_READ_BYTES = 64 * 1024 * 1024;
const MAX_PATH_CHARACTERS = 1024;
const MAX_SEGMENTS = 32;
/** Says that a file is not there, whatever the reason. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EISDIR', 'ENXIO']);

/** A file below the root, open for reading. */
export interface OpenedFile extends FileBytes {
  /** The same as long as the file is what it was when it was opened. */
  readonly identity: string;
  /** In lower case, without a dot. */
  readonly extension: string;
  close(): Promise<void>;
}

export interface MediaRootOptions {
  /** Absolute path of the folder; undefined: there is none. */
  readonly directory: () => string | undefined;
  /** Files that may be open at once. */
  readonly maxOpen: () => number;
}

/** The folder of files that are served. Nothing outside can be reached through it. */
export class MediaRoot {
  private open = 0;

  constructor(private readonly options: MediaRootOptions) {}

  /** How many files are open. */
  get openFiles(): number {
    return this.open;
  }

  /**
   * @param name decoded path below the root, with slashes
   * @throws NightjarError `not-found`, `exhausted`, or `data-loss` when the file cannot be read
   */
  async openFile(name: string): Promise<OpenedFile> {
    const root = this.options.directory();
    const extension = extensionOf(name);
    if (root === undefined || extension === undefined) throw notFound();
    if (this.open >= this.options.maxOpen())
      throw new NightjarError('exhausted', 'files/open', 'too many files are being played');
    this.open += 1;
    try {
      const handle = await openBelow(root, name);
      return await this.opened(handle, extension);
    } catch (error) {
      this.open -= 1;
      throw asOurs(error);
    }
  }

  private async opened(handle: FileHandle, extension: string): Promise<OpenedFile> {
    const { size, dev, ino, mtimeMs } = await handle.stat();
    let closed = false;
    return {
      identity: [dev, ino, size, mtimeMs].join(':'),
      extension,
      sizeBytes: size,
      read: (at, bytes) => readAt(handle, at, Math.min(bytes, Math.max(0, size - at))),
      close: async () => {
        if (closed) return;
        closed = true;
        this.open -= 1;
        await handle.close();
      },
    };
  }
}

/** Undefined when no file of that name is served. */
function extensionOf(name: string): string | undefined {
  if (name.length > MAX_PATH_CHARACTERS) return undefined;
  const segments = name.split('/');
  if (segments.length > MAX_SEGMENTS || !segments.every(isPlain)) return undefined;
  const extension = path.posix.extname(name).slice(1).toLowerCase();
  return MEDIA_EXTENSIONS.includes(extension) ? extension : undefined;
}

/** Neither hidden nor a way to somewhere else; what some system takes for a separator is none of a name. */
function isPlain(segment: string): boolean {
  // eslint-disable-next-line no-control-regex
  return segment !== '' && !segment.startsWith('.') && !/[\u0000-\u001f\u007f\\:]/.test(segment);
}

/**
 * Opens a regular file whose true place is below the root. The place is looked up before, so that nothing else is opened,
 * and that of the open file behind it: whoever exchanged folders and links in between has opened something else.
 */
async function openBelow(root: string, name: string): Promise<FileHandle> {
  const top = await realpath(root);
  const place = await placeBelow(top, name);
  // A pipe without a writer would wait for one.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(place, flags);
  try {
    const opened = await handle.stat();
    if (!opened.isFile()) throw notFound();
    const where = await placeOf(handle);
    if (where !== undefined) requireInside(top, where);
    else {
      const there = await stat(await placeBelow(top, name));
      if (opened.dev !== there.dev || opened.ino !== there.ino) throw notFound();
    }
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** @throws NightjarError `not-found` when links lead out of the root, or to something hidden */
async function placeBelow(top: string, name: string): Promise<string> {
  const place = await realpath(path.join(top, ...name.split('/')));
  requireInside(top, place);
  return place;
}

/**
 * Where an open file is, which nobody can change by an exchange of links; undefined where the system does not tell. Then
 * links that are exchanged at the right moments can deceive us.
 */
async function placeOf({ fd }: FileHandle): Promise<string | undefined> {
  return await readlink(`/proc/self/fd/${fd}`).catch(() => undefined);
}

function requireInside(top: string, place: string): void {
  const inside = path.relative(top, place).split(path.sep);
  if (inside.some((segment) => segment === '' || segment.startsWith('.'))) throw notFound();
}

async function readAt(handle: FileHandle, at: number, bytes: number): Promise<Uint8Array> {
  if (bytes > MAX_READ_BYTES) {
    throw new NightjarError('data-loss', 'files/read', 'a part of the file is too large', { at });
  }
  const buffer = Buffer.allocUnsafeSlow(bytes);
  try {
    let filled = 0;
    while (filled < bytes) {
      const { bytesRead } = await handle.read(buffer, filled, bytes - filled, at + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  } catch (error) {
    throw asOurs(error);
  }
}

function asOurs(error: unknown): NightjarError {
  if (error instanceof NightjarError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (ABSENT.has(code)) return notFound();
  return new NightjarError('data-loss', 'files/unreadable', 'the file cannot be read', {}, error);
}

/** One answer for what is not there and for what is not to be seen. */
export function notFound(): NightjarError {
  return new NightjarError('not-found', 'files/no-such-file', 'no such file');
}
