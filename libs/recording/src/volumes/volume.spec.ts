import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
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
    const { id } = await Volume.open('main', root, { adopt: 'empty' });
    expect(JSON.parse(await readFile(join(root, '.nightjar/volume.json'), 'utf8'))).toMatchObject({
      id,
    });
    expect((await Volume.open('main', root)).id).toBe(id);
  });

  it.each([
    ['is missing', () => rm(root, { recursive: true })],
    ['is empty', () => Promise.resolve()],
    ['holds other files', () => writeFile(join(root, 'holiday.jpg'), '')],
  ])('refuses a folder that %s, writes nothing, and names the command', async (_what, make) => {
    await make();
    const before = await readdir(root).catch(() => 'missing');
    await expect(Volume.open('main', root)).rejects.toMatchObject({
      code: expect.stringMatching(/^recording\/volume-(unknown|foreign)$/),
      message: expect.stringContaining('nightjar volume adopt main'),
    });
    expect(await readdir(root).catch(() => 'missing')).toEqual(before);
  });

  it('makes a folder that is missing where empty ones are taken', async () => {
    const { id } = await Volume.open('main', join(root, 'a', 'b'), { adopt: 'empty' });
    expect((await Volume.open('main', join(root, 'a', 'b'))).id).toBe(id);
  });

  it('shows by a small file that it can be written to, and leaves nothing', async () => {
    const volume = await Volume.open('main', root, { adopt: 'empty' });
    await volume.probeWriting();
    expect(await readdir(join(root, '.nightjar'))).toEqual(['volume.json']);
    await rm(join(root, '.nightjar'), { recursive: true });
    await expect(volume.probeWriting()).rejects.toMatchObject({
      code: 'recording/volume-vanished',
    });
  });

  it('takes a new file system with its lost+found for empty', async () => {
    await mkdir(join(root, 'lost+found'));
    await expect(Volume.open('main', root, { adopt: 'empty' })).resolves.toBeInstanceOf(Volume);
  });

  it('refuses a folder with other files and names the remedy', async () => {
    await writeFile(join(root, 'holiday.jpg'), '');
    await expect(Volume.open('main', root, { adopt: 'empty' })).rejects.toMatchObject({
      code: 'recording/volume-foreign',
      message: expect.stringContaining('nightjar volume adopt'),
    });
    await expect(Volume.open('main', root, { adopt: 'any' })).resolves.toBeInstanceOf(Volume);
  });

  it('refuses an identity that cannot be read', async () => {
    await mkdir(join(root, '.nightjar'));
    await writeFile(join(root, '.nightjar/volume.json'), '{"id":');
    await expect(Volume.open('main', root)).rejects.toMatchObject({
      code: 'recording/volume-identity',
    });
  });

  it('notices that its disk is gone, or another in its place', async () => {
    const volume = await Volume.open('main', root, { adopt: 'empty' });
    await expect(volume.verify()).resolves.toBeUndefined();
    await rename(join(root, '.nightjar'), join(root, '.away'));
    await expect(volume.verify()).rejects.toMatchObject({ code: 'recording/volume-vanished' });
    await rm(join(root, '.away'), { recursive: true });
    await Volume.open('other', root, { adopt: 'empty' });
    await expect(volume.verify()).rejects.toMatchObject({ code: 'recording/volume-changed' });
  });

  it('does not take an empty mount point for the disk it expects', async () => {
    const { id } = await Volume.open('main', root, { adopt: 'empty' });
    expect((await Volume.open('main', root, { expectedId: id })).id).toBe(id);
    await rm(join(root, '.nightjar'), { recursive: true });
    const open = Volume.open('main', root, { expectedId: id });
    await expect(open).rejects.toMatchObject({ code: 'recording/volume-vanished' });
  });

  it('tells the space that is left', async () => {
    const { freeBytes, sizeBytes } = await (
      await Volume.open('main', root, { adopt: 'empty' })
    ).space();
    expect(freeBytes).toBeGreaterThan(0);
    expect(sizeBytes).toBeGreaterThanOrEqual(freeBytes);
  });
});
