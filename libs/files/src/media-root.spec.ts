import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { renameSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MediaRoot } from './media-root.js';

const CONTENT = 'some film';

describe('the folder of media files', () => {
  let top: string;
  let root: MediaRoot;

  beforeAll(async () => {
    top = await mkdtemp(path.join(tmpdir(), 'nightjar-files-'));
    const media = path.join(top, 'media');
    await mkdir(path.join(media, 'shelf', '.hidden'), { recursive: true });
    await mkdir(path.join(media, 'folder.mp4'));
    await mkdir(path.join(top, 'media-of-others'));
    await writeFile(path.join(media, 'film.mp4'), CONTENT);
    await writeFile(path.join(media, 'shelf', 'The Film (1).MKV'), CONTENT);
    await writeFile(path.join(media, 'shelf', '.hidden', 'film.mp4'), CONTENT);
    await writeFile(path.join(media, '.film.mp4'), CONTENT);
    await writeFile(path.join(media, 'film.txt'), CONTENT);
    await writeFile(path.join(top, 'secret.mp4'), 'secret');
    await writeFile(path.join(top, 'media-of-others', 'secret.mp4'), 'secret');
    await symlink('shelf/The Film (1).MKV', path.join(media, 'inside.mkv'));
    await symlink('../secret.mp4', path.join(media, 'outside.mp4'));
    await symlink('..', path.join(media, 'up'));
    await symlink('../media-of-others', path.join(media, 'beside'));
    await symlink('.film.mp4', path.join(media, 'to-hidden.mp4'));
    await symlink('loop.mp4', path.join(media, 'loop.mp4'));
    root = new MediaRoot({ directory: () => media, maxOpen: () => 2 });
  });

  afterAll(() => rm(top, { recursive: true }));

  it.each(['film.mp4', 'shelf/The Film (1).MKV', 'inside.mkv'])('opens %s', async (name) => {
    const file = await root.openFile(name);
    expect(Buffer.from(await file.read(0, 100)).toString()).toBe(CONTENT);
    expect(Buffer.from(await file.read(5, 2)).toString()).toBe('fi');
    await file.close();
  });

  it.each([
    '',
    'film.txt',
    'film',
    'none.mp4',
    'folder.mp4',
    'film.mp4/x.mp4',
    '.film.mp4',
    'shelf/.hidden/film.mp4',
    '../secret.mp4',
    'shelf/../film.mp4',
    'shelf/../../secret.mp4',
    './film.mp4',
    '/film.mp4',
    'shelf//film.mp4',
    'shelf\\film.mp4',
    '..\\secret.mp4',
    'film.mp4\0',
    'film.mp4\0.mp4',
    'film.mp4:stream.mp4',
    'outside.mp4',
    'up/secret.mp4',
    'beside/secret.mp4',
    'to-hidden.mp4',
    'loop.mp4',
    `${'a/'.repeat(40)}film.mp4`,
    `${'a'.repeat(2000)}.mp4`,
  ])('knows no %j', async (name) => {
    await expect(root.openFile(name)).rejects.toMatchObject({ kind: 'not-found' });
    expect(root.openFiles).toBe(0);
  });

  it('has a bound on files that are open', async () => {
    const files = [await root.openFile('film.mp4'), await root.openFile('film.mp4')];
    await expect(root.openFile('film.mp4')).rejects.toMatchObject({ kind: 'exhausted' });
    for (const file of files) await file.close();
    await (await root.openFile('film.mp4')).close();
    expect(root.openFiles).toBe(0);
  });

  it('serves nothing outside while somebody exchanges a file for a link as fast as can be', async () => {
    const name = path.join(top, 'media', 'swapped.mp4');
    const link = path.join(top, 'link.mp4');
    const seen = await seenWhile('swapped.mp4', 300, async () => {
      await writeFile(`${name}.new`, CONTENT);
      await rename(`${name}.new`, name);
      await symlink('../secret.mp4', link);
      await rename(link, name);
    });
    expect([...seen].filter((content) => content !== CONTENT)).toEqual([]);
  });

  it('serves nothing outside while somebody exchanges a folder for a link and back', async () => {
    const name = path.join(top, 'media', 'case');
    await mkdir(name);
    await writeFile(path.join(name, 'secret.mp4'), CONTENT);
    await symlink('../media-of-others', path.join(top, 'to-others'));
    const seen = await seenWhile('case/secret.mp4', 1_000, () => {
      // At once, so that a look that lasts sees both.
      renameSync(name, path.join(top, 'case'));
      renameSync(path.join(top, 'to-others'), name);
      return new Promise((resolve) =>
        setImmediate(() => {
          renameSync(name, path.join(top, 'to-others'));
          renameSync(path.join(top, 'case'), name);
          setImmediate(resolve);
        }),
      );
    });
    expect([...seen].filter((content) => content !== CONTENT)).toEqual([]);
  });

  /** What a file holds for who opens it so often while somebody else does `swap` again and again. */
  async function seenWhile(
    name: string,
    tries: number,
    swap: () => Promise<void>,
  ): Promise<Set<string>> {
    const swapped = { going: true };
    const swapping = (async () => {
      while (swapped.going) await swap();
    })();
    const seen = new Set<string>();
    for (let left = tries; left > 0; left -= 1) {
      const file = await root.openFile(name).catch(() => undefined);
      if (file === undefined) continue;
      seen.add(Buffer.from(await file.read(0, 100)).toString());
      await file.close();
    }
    swapped.going = false;
    await swapping;
    return seen;
  }

  it('is not there where none is configured', async () => {
    const none = new MediaRoot({ directory: () => undefined, maxOpen: () => 2 });
    await expect(none.openFile('film.mp4')).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('gives a file another identity when it is written anew', async () => {
    const name = path.join(top, 'media', 'changing.mp4');
    await writeFile(name, 'one');
    const before = await root.openFile('changing.mp4');
    await before.close();
    await writeFile(name, 'another');
    const after = await root.openFile('changing.mp4');
    await after.close();
    expect(after.identity).not.toBe(before.identity);
  });
});
