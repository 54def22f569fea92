import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Volume } from './volume.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'nightjar-volume-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('Volume', () => {
  it('gives an empty folder an identity and knows it again', async () => {
    const { id } = await Volume.open('main', root);
    expect(JSON.parse(await readFile(join(root, '.nightjar/volume.json'), 'utf8'))).toMatchObject({
      id,
    });
    expect((await Volume.open('main', root)).id).toBe(id);
  });

  it('takes a new file system with its lost+found for empty', async () => {
    await mkdir(join(root, 'lost+found'));
    await expect(Volume.open('main', root)).resolves.toBeInstanceOf(Volume);
  });

  it('refuses a folder with other files and names the remedy', async () => {
    await writeFile(join(root, 'holiday.jpg'), '');
    await expect(Volume.open('main', root)).rejects.toMatchObject({
      code: 'recording/volume-foreign',
      message: expect.stringContaining('nightjar volume adopt'),
    });
    await expect(Volume.open('main', root, { adopt: true })).resolves.toBeInstanceOf(Volume);
  });

  it('refuses an identity that cannot be read', async () => {
    await mkdir(join(root, '.nightjar'));
    await writeFile(join(root, '.nightjar/volume.json'), '{"id":');
    await expect(Volume.open('main', root)).rejects.toMatchObject({
      code: 'recording/volume-identity',
    });
  });

  it('notices that its disk is gone, or another in its place', async () => {
    const volume = await Volume.open('main', root);
    await expect(volume.verify()).resolves.toBeUndefined();
    await rename(join(root, '.nightjar'), join(root, '.away'));
    await expect(volume.verify()).rejects.toMatchObject({ code: 'recording/volume-vanished' });
    await rm(join(root, '.away'), { recursive: true });
    await Volume.open('other', root);
    await expect(volume.verify()).rejects.toMatchObject({ code: 'recording/volume-changed' });
  });

  it('does not take an empty mount point for the disk it expects', async () => {
    const { id } = await Volume.open('main', root);
    expect((await Volume.open('main', root, { expectedId: id })).id).toBe(id);
    await rm(join(root, '.nightjar'), { recursive: true });
    const open = Volume.open('main', root, { expectedId: id });
    await expect(open).rejects.toMatchObject({ code: 'recording/volume-vanished' });
  });

  it('tells the space that is left', async () => {
    const { freeBytes, sizeBytes } = await (await Volume.open('main', root)).space();
    expect(freeBytes).toBeGreaterThan(0);
    expect(sizeBytes).toBeGreaterThanOrEqual(freeBytes);
  });
});
