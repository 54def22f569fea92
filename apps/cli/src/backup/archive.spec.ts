import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import { Archive, ArchiveWriter, tablePart, type ManifestContent } from './archive.js';
import { PlacedFiles } from './placed-files.js';

const ROWS = ['["1","a \\" b\\nc",null]', '["2","é","null"]'];

let directory: string;
let folder: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nightjar-archive-'));
  folder = join(directory, 'backup');
});
afterEach(() => rm(directory, { recursive: true }));

async function* lines(): AsyncGenerator<string> {
  for (const row of ROWS) yield await Promise.resolve(row);
}

async function write(content: Partial<ManifestContent> = {}): Promise<void> {
  const writer = await ArchiveWriter.create(folder);
  await writer.rows(tablePart('camera'), lines());
  await writer.file('file-0', Buffer.from('version: 1\n'));
  await writer.finish({
    createdAt: '2026-11-30T12:00:00.000Z',
    nightjar: '1.0.0',
    configFile: '/etc/nightjar/nightjar.yaml',
    dataDir: '/var/lib/nightjar',
    catalog: { migrations: [], tables: [], sequences: [] },
    rows: { camera: ROWS.length },
    files: [{ place: 'configuration', path: '', mode: 0o640, part: 'file-0' }],
    leftOut: [],
    ...content,
  });
}

describe('an archive', () => {
  it('gives back what was written, and is closed to other users', async () => {
    await write();
    const archive = await Archive.open(folder);

    const rows = [];
    for await (const row of archive.rows(tablePart('camera'))) rows.push(row);
    expect(rows).toEqual(ROWS);
    expect((await archive.read('file-0')).toString()).toBe('version: 1\n');
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    for (const part of await readdir(folder))
      expect((await stat(join(folder, part))).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['backup']);
  });

  it('takes no name that is taken', async () => {
    await write();
    await expect(ArchiveWriter.create(folder)).rejects.toMatchObject({ code: 'backup/exists' });
  });

  it('says where it cannot be written, and what the rows themselves had', async () => {
    await writeFile(folder, '');
    await expect(ArchiveWriter.create(join(folder, 'below'))).rejects.toMatchObject({
      kind: 'unavailable',
    });
    const away = new NightjarError('unavailable', 'catalog/database-unavailable', 'away');
    const rows = async function* (): AsyncGenerator<string> {
      yield await Promise.reject<string>(away);
    };
    const writer = await ArchiveWriter.create(join(directory, 'other'));
    await expect(writer.rows(tablePart('camera'), rows())).rejects.toBe(away);
  });

  it('leaves nothing when it is abandoned', async () => {
    const writer = await ArchiveWriter.create(folder);
    await writer.file('file-0', Buffer.from('x'));
    await writer.abandon();
    expect(await readdir(directory)).toEqual([]);
  });

  it.each([
    ['a part that was cut', (at: string) => truncate(join(at, tablePart('camera')), 20)],
    ['a part that is gone', (at: string) => rm(join(at, 'file-0'))],
    ['another byte', (at: string) => writeFile(join(at, 'file-0'), 'version: 2\n')],
    ['a manifest that was cut', (at: string) => truncate(join(at, 'manifest.json'), 100)],
    ['a manifest that says nothing', (at: string) => writeFile(join(at, 'manifest.json'), 'null')],
    [
      'a manifest that was edited',
      async (at: string) => {
        const file = join(at, 'manifest.json');
        await writeFile(file, (await readFile(file, 'utf8')).replace('"1.0.0"', '"1.0.1"'));
      },
    ],
  ])('is refused with %s', async (_, damage) => {
    await write();
    await damage(folder);
    await expect(Archive.open(folder)).rejects.toMatchObject({ code: 'backup/damaged' });
  });

  it('is none where there is no manifest', async () => {
    await expect(Archive.open(directory)).rejects.toMatchObject({ code: 'backup/none' });
  });
});

describe('placed files', () => {
  const placesOf = () => ({
    configFile: join(directory, 'etc', 'nightjar.yaml'),
    dataDir: join(directory, 'data'),
  });

  it('go where nothing is, and away again', async () => {
    await write();
    const { configFile, dataDir } = placesOf();
    const placed = await PlacedFiles.put(await Archive.open(folder), placesOf(), false);
    expect(placed.files).toEqual([configFile]);
    expect(await readFile(configFile, 'utf8')).toBe('version: 1\n');
    expect((await stat(configFile)).mode & 0o777).toBe(0o640);

    const again = await PlacedFiles.put(await Archive.open(folder), { configFile, dataDir }, false);
    expect(again.files).toEqual([]);
    await placed.undo();
    await expect(stat(configFile)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('put others aside only if told so, and back again', async () => {
    await write();
    const { configFile } = placesOf();
    await (await PlacedFiles.put(await Archive.open(folder), placesOf(), false)).undo();
    await writeFile(configFile, 'mine');

    await expect(
      PlacedFiles.put(await Archive.open(folder), placesOf(), false),
    ).rejects.toMatchObject({ code: 'backup/file-in-the-way' });
    expect(await readFile(configFile, 'utf8')).toBe('mine');

    const placed = await PlacedFiles.put(await Archive.open(folder), placesOf(), true);
    expect(await readFile(configFile, 'utf8')).toBe('version: 1\n');
    expect(await readFile(`${configFile}.before-restore`, 'utf8')).toBe('mine');
    await placed.undo();
    expect(await readFile(configFile, 'utf8')).toBe('mine');
  });

  it.each(['../../etc/passwd', '/etc/passwd', ''])(
    'do not leave their folder by "%s"',
    async (path) => {
      await write({ files: [{ place: 'data', path, mode: 0o600, part: 'file-0' }] });
      await expect(
        PlacedFiles.put(await Archive.open(folder), placesOf(), true),
      ).rejects.toMatchObject({ code: 'backup/path' });
    },
  );
});
