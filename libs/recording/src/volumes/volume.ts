import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { NightjarError } from '@nightjar/common';
import { VOLUME_CALLS } from '@nightjar/config';
import { syncDirectory } from '../segments/durable-files.js';
import { IoLane } from './io-lane.js';

/** What a file system puts into an empty volume by itself. */
const HARMLESS_ENTRIES: readonly string[] = ['lost+found'];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Which folders without an identity become a volume: none, an empty (or missing) one, or whatever is there. */
export type Adoption = 'never' | 'empty' | 'any';

interface Identity {
  readonly id: string;
  readonly createdAt: string;
}

/**
 * A folder that holds recordings and knows who it is, so that a disk that is not mounted, or another disk in its place,
 * is noticed before anything is written (architecture.md, promise 7).
 */
export class Volume {
  /** Every call of the file system on this volume that may hang goes through it. */
  readonly lane = new IoLane(VOLUME_CALLS);

  private constructor(
    /** Name in the configuration. */
    readonly name: string,
    /** Absolute. */
    readonly root: string,
    readonly id: string,
  ) {}

  /**
   * Opens a volume. With `adopt: 'never'` (what holds unless said otherwise) nothing is written.
   * @param options.adopt which folders get an identity, and are created when they are missing
   * @param options.expectedId refuses every volume but this: an empty mount point is not taken for a new volume
   * @throws NightjarError `recording/volume-unknown`, `recording/volume-foreign`, `recording/volume-vanished`,
   *   `recording/volume-changed` or `recording/volume-identity`, with the remedy in its message
   */
  static async open(
    name: string,
    root: string,
    options: { readonly adopt?: Adoption; readonly expectedId?: string } = {},
  ): Promise<Volume> {
    const { expectedId, adopt = 'never' } = options;
    if (expectedId !== undefined) {
      const expected = new Volume(name, root, expectedId);
      await expected.verify();
      return expected;
    }
    const known = await readIdentity(root);
    if (known !== undefined) return new Volume(name, root, known.id);
    if (adopt !== 'never') await mkdir(root, { recursive: true });
    const entries = await entriesOf(root);
    if (adopt !== 'any') refuse(name, root, entries, adopt);
    const identity: Identity = { id: randomUUID(), createdAt: new Date().toISOString() };
    await writeIdentity(root, identity);
    return new Volume(name, root, identity.id);
  }

  get journalDirectory(): string {
    return join(this.root, '.nightjar', 'journal');
  }

  /** Absolute path of a path below the volume as {@link printSegmentPath} prints it. */
  resolve(path: string): string {
    return join(this.root, ...path.split('/'));
  }

  /**
   * Checks that the same disk is still there. Called before every new segment.
   * @throws NightjarError `recording/volume-vanished` or `recording/volume-changed`
   */
  async verify(): Promise<void> {
    const identity = await this.lane.run(() => readIdentity(this.root));
    const where = { volume: this.name, root: this.root };
    if (identity === undefined) {
      throw new NightjarError(
        'unavailable',
        'recording/volume-vanished',
        `${this.root} is not the volume that was there before: mount its disk, or give the name to what is there now ` +
          `with: nightjar volume adopt ${this.name}`,
        where,
      );
    }
    if (identity.id !== this.id) {
      const message =
        `${this.root} is now volume ${identity.id}, not ${this.id}: mount the right disk, or take this one with: ` +
        `nightjar volume adopt ${this.name}`;
      throw new NightjarError('unavailable', 'recording/volume-changed', message, where);
    }
  }

  /**
   * Checks that a file can be made, written, made durable and removed.
   * @throws as {@link verify}, or the error of the file system
   */
  async probeWriting(): Promise<void> {
    await this.verify();
    const path = join(this.root, '.nightjar', 'probe');
    const file = await open(path, 'w');
    try {
      await file.write('.');
      await file.sync();
    } finally {
      await file.close();
      // Another process that checks the same may have been quicker.
      await unlink(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
  }

  /** Bytes that may still be written, and the size of the file system. */
  async space(): Promise<{ readonly freeBytes: number; readonly sizeBytes: number }> {
    const { bavail, blocks, bsize } = await statfs(this.root);
    return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize };
  }
}

/** @throws NightjarError unless the folder may become a volume by itself */
function refuse(
  name: string,
  root: string,
  entries: readonly string[] | undefined,
  adopt: 'never' | 'empty',
): void {
  const foreign = (entries ?? []).filter(
    (entry) => entry !== '.nightjar' && !HARMLESS_ENTRIES.includes(entry),
  );
  const where = { volume: name, root };
  if (foreign.length > 0) {
    throw new NightjarError(
      'conflict',
      'recording/volume-foreign',
      `${root} is not empty and is not a Nightjar volume (it has no .nightjar/volume.json). Mount the right disk, ` +
        `empty the folder, or take it as it is with: nightjar volume adopt ${name}`,
      where,
    );
  }
  if (adopt === 'empty') return;
  throw new NightjarError(
    'unavailable',
    'recording/volume-unknown',
    `${root} ${entries === undefined ? 'does not exist' : 'is empty'}: mount the disk of this volume, or make it a new ` +
      `one with: nightjar volume adopt ${name}`,
    where,
  );
}

/** Undefined when there is no such folder. */
async function entriesOf(root: string): Promise<string[] | undefined> {
  return readdir(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

async function readIdentity(root: string): Promise<Identity | undefined> {
  const path = join(root, '.nightjar', 'volume.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const value = JSON.parse(text) as Partial<Identity>;
    if (typeof value.id === 'string' && UUID.test(value.id)) {
      return { id: value.id, createdAt: String(value.createdAt) };
    }
  } catch {
    // Falls through to the error below.
  }
  const message = `${path} cannot be read: restore it, or remove it to give the volume a new identity`;
  throw new NightjarError('data-loss', 'recording/volume-identity', message, { root });
}

async function writeIdentity(root: string, identity: Identity): Promise<void> {
  const directory = join(root, '.nightjar');
  await mkdir(directory, { recursive: true });
  const file = await open(join(directory, 'volume.json'), 'wx');
  try {
    await file.writeFile(`${JSON.stringify(identity)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncDirectory(directory);
  await syncDirectory(root);
}
