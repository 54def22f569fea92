import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { KnownVolumes, knownVolumesFile } from './known-volumes.js';
import { Volume } from './volume.js';

describe('the volumes that are known', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nightjar-known-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('are remembered across starts, by name and path', async () => {
    const file = knownVolumesFile(join(folder, 'data'));
    const known = await KnownVolumes.load(file);
    expect(known.idOf('main', '/a')).toBeUndefined();
    await known.remember('main', '/a', 'one');
    await known.remember('other', '/b', 'two');
    const again = await KnownVolumes.load(file);
    expect([again.idOf('main', '/a'), again.idOf('main', '/b'), again.idOf('other', '/b')]).toEqual(
      ['one', undefined, 'two'],
    );
  });

  it('keep an empty mount point from being taken for a new volume', async () => {
    const root = join(folder, 'disk');
    const known = await KnownVolumes.load(knownVolumesFile(folder));
    await known.remember('main', root, (await Volume.open('main', root, { adopt: 'empty' })).id);
    await rm(join(root, '.nightjar'), { recursive: true });
    const expectedId = known.idOf('main', root)!;
    await expect(Volume.open('main', root, { expectedId })).rejects.toMatchObject({
      code: 'recording/volume-vanished',
    });
  });

  it('are nobody when the file is damaged', async () => {
    const file = knownVolumesFile(folder);
    await writeFile(file, '{"main":');
    expect((await KnownVolumes.load(file)).idOf('main', '/a')).toBeUndefined();
  });
});
