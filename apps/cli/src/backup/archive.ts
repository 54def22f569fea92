import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { SavedCatalog, SavedRows } from '@nightjar/catalog';
import { messageOf, NightjarError } from '@nightjar/common';

const FORMAT = 'nightjar-backup';
const FORMAT_VERSION = 1;
const MANIFEST = 'manifest.json';

/** Where a file belongs: beside the configuration, in the data directory, or where it was. */
export type Place = 'configuration' | 'beside-configuration' | 'data' | 'absolute';

/** A file that is in the archive. */
export interface SavedFile {
  readonly place: Place;
  /** Relative to its place. */
  readonly path: string;
  /** Permissions. */
  readonly mode: number;
  /** Name in the archive. */
  readonly part: string;
}

export interface ManifestContent {
  readonly createdAt: string;
  /** Version of Nightjar that made it. */
  readonly nightjar: string;
  /** Absolute, where the configuration and the data directory were. */
  readonly configFile: string;
  readonly dataDir: string;
  readonly catalog: SavedCatalog;
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
  readonly files: readonly SavedFile[];
  /** Files that the configuration names and the archive does not hold. */
  readonly leftOut: readonly string[];
}

interface Manifest extends ManifestContent {
  readonly format: string;
  readonly formatVersion: number;
  readonly parts: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

export const tablePart = (table: string): string => `catalog-${table}.jsonl.gz`;

/** A backup that is being written: a folder that gets its name when it is whole. Only this user can read it. */
export class ArchiveWriter {
  private readonly parts: Record<string, { bytes: number; sha256: string }> = {};

  private constructor(
    private readonly folder: string,
    private readonly draft: string,
  ) {}

  /** @throws NightjarError `conflict` if there is something of that name, `unavailable`, as all of it, where nothing can be written */
  static async create(folder: string): Promise<ArchiveWriter> {
    if (await stat(folder).catch(() => undefined))
      throw new NightjarError('conflict', 'backup/exists', `${folder} is there already`, {
        folder,
      });
    const draft = `${folder}.${process.pid}.new`;
    await writing(folder, () => mkdir(draft, { recursive: true, mode: 0o700 }));
    return new ArchiveWriter(folder, draft);
  }

  async file(part: string, content: Buffer): Promise<void> {
    await this.write(part, content);
    await this.seal(part);
  }

  /** @returns how many rows there were */
  async rows(part: string, rows: SavedRows): Promise<number> {
    let count = 0;
    const lines = async function* (): AsyncGenerator<string> {
      for await (const row of rows) {
        count += 1;
        yield `${row}\n`;
      }
    };
    await writing(this.folder, () =>
      pipeline(
        Readable.from(lines()),
        createGzip(),
        createWriteStream(join(this.draft, part), { mode: 0o600, flush: true }),
      ),
    );
    await this.seal(part);
    return count;
  }

  async finish(content: ManifestContent): Promise<void> {
    const manifest: Manifest = {
      format: FORMAT,
      formatVersion: FORMAT_VERSION,
      ...content,
      parts: this.parts,
    };
    const text = JSON.stringify(
      { sha256: sha256Of(JSON.stringify(manifest)), manifest },
      undefined,
      2,
    );
    await this.write(MANIFEST, `${text}\n`);
    await writing(this.folder, () => rename(this.draft, this.folder));
  }

  async abandon(): Promise<void> {
    await rm(this.draft, { recursive: true, force: true });
  }

  private async write(part: string, content: Buffer | string): Promise<void> {
    const options = { mode: 0o600, flush: true };
    await writing(this.folder, () => writeFile(join(this.draft, part), content, options));
  }

  private async seal(part: string): Promise<void> {
    this.parts[part] = await measure(join(this.draft, part));
  }
}

/** A backup whose every byte was compared with its checksum. */
export class Archive {
  private constructor(
    private readonly folder: string,
    readonly content: ManifestContent,
  ) {}

  /** @throws NightjarError `not-found` where there is no backup, `data-loss` for a damaged one, `conflict` for one of a later version */
  static async open(folder: string): Promise<Archive> {
    const manifest = await readManifest(folder);
    for (const [part, expected] of Object.entries(manifest.parts)) {
      const found = await measure(join(folder, part)).catch(() => undefined);
      if (found === undefined) throw damaged(folder, `${part} is missing`);
      if (found.bytes !== expected.bytes || found.sha256 !== expected.sha256)
        throw damaged(folder, `${part} is not as it was written`);
    }
    return new Archive(folder, manifest);
  }

  read(part: string): Promise<Buffer> {
    return readFile(join(this.folder, part));
  }

  async *rows(part: string): SavedRows {
    const text = createReadStream(join(this.folder, part)).pipe(createGunzip());
    for await (const line of createInterface({ input: text, crlfDelay: Infinity })) yield line;
  }
}

/** What the system refuses, in words; what went wrong where the content comes from stays as it is. */
async function writing<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof NightjarError) throw error;
    const message = `cannot write ${folder}: ${messageOf(error)}`;
    throw new NightjarError('unavailable', 'backup/write', message, { folder }, error);
  }
}

async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, MANIFEST);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new NightjarError(
      'not-found',
      'backup/none',
      `${folder} holds no backup (no ${MANIFEST})`,
      { folder },
      error,
    );
  });
  const { sha256, manifest } = parse(text, folder);
  if (manifest === undefined || sha256 !== sha256Of(JSON.stringify(manifest)))
    throw damaged(folder, `${MANIFEST} is not as it was written`);
  if (manifest.format !== FORMAT || manifest.formatVersion !== FORMAT_VERSION)
    throw new NightjarError(
      'conflict',
      'backup/format',
      `${folder} was made by Nightjar ${manifest.nightjar} in a form that this version does not read`,
      { folder },
    );
  return manifest;
}

function parse(text: string, folder: string): { sha256?: string; manifest?: Manifest } {
  try {
    return (JSON.parse(text) ?? {}) as { sha256?: string; manifest?: Manifest };
  } catch {
    throw damaged(folder, `${MANIFEST} is not as it was written`);
  }
}

function damaged(folder: string, what: string): NightjarError {
  const message = `the backup in ${folder} is damaged (${what}); nothing was changed`;
  return new NightjarError('data-loss', 'backup/damaged', message, { folder });
}

async function measure(file: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(file)) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');
