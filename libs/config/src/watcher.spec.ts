import { once } from 'node:events';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConfigDiff } from './diff.js';
import type { ConfigError } from './issue.js';
import { loadConfig } from './load.js';
import type { NightjarConfig } from './model.js';
import { ConfigWatcher } from './watcher.js';

let folder: string;
let file: string;
let watcher: ConfigWatcher | undefined;

const withCameras = (...names: string[]) =>
  `version: 1\ncameras:\n${names.map((name) => `  ${name}: { streams: { main: rtsp://${name}/ } }\n`).join('')}`;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nightjar-watch-'));
  file = path.join(folder, 'nightjar.yaml');
});

afterEach(async () => {
  watcher?.stop();
  await rm(folder, { recursive: true });
});

async function watching(): Promise<ConfigWatcher> {
  const { config } = await loadConfig(file, {});
  watcher = new ConfigWatcher({ file, config, environment: {} });
  await watcher.start();
  return watcher;
}

async function change(of: ConfigWatcher): Promise<{ config: NightjarConfig; diff: ConfigDiff }> {
  const [changed] = await once(of, 'changed');
  return changed;
}

async function invalidity(of: ConfigWatcher): Promise<ConfigError> {
  const [{ error }] = await once(of, 'invalid');
  return error;
}

describe('ConfigWatcher', () => {
  it('notices an edit in place', async () => {
    await writeFile(file, withCameras('a'));
    const watcher = await watching();
    const changed = change(watcher);
    await writeFile(file, withCameras('a', 'b'));
    expect((await changed).diff.cameras.added).toEqual(['b']);
    expect(Object.keys(watcher.config.cameras)).toEqual(['a', 'b']);
  });

  it('notices a file renamed into place, again and again', async () => {
    await writeFile(file, withCameras('a'));
    const watcher = await watching();
    for (const name of ['b', 'c']) {
      const changed = change(watcher);
      await writeFile(`${file}.new`, withCameras(name));
      await rename(`${file}.new`, file);
      expect((await changed).diff.cameras.added).toEqual([name]);
    }
  });

  it('notices the symlink swap of a ConfigMap, again and again', async () => {
    const publish = async (version: string, text: string): Promise<void> => {
      await mkdir(path.join(folder, version));
      await writeFile(path.join(folder, version, 'nightjar.yaml'), text);
      await symlink(version, path.join(folder, '..data_tmp'));
      await rename(path.join(folder, '..data_tmp'), path.join(folder, '..data'));
    };
    await publish('..1', withCameras('a'));
    await symlink('..data/nightjar.yaml', file);
    const watcher = await watching();
    for (const [version, name] of [
      ['..2', 'b'],
      ['..3', 'c'],
    ] as const) {
      const changed = change(watcher);
      await publish(version, withCameras(name));
      expect((await changed).diff.cameras.added).toEqual([name]);
    }
  });

  it('notices an edit of the file behind a symlink to another folder', async () => {
    const target = path.join(folder, 'elsewhere', 'real.yaml');
    await mkdir(path.dirname(target));
    await writeFile(target, withCameras('a'));
    await symlink(target, file);
    const watcher = await watching();
    const changed = change(watcher);
    await writeFile(target, withCameras('b'));
    expect((await changed).diff.cameras).toMatchObject({ added: ['b'], removed: ['a'] });
  });

  it('tells an invalid file and keeps the configuration', async () => {
    await writeFile(file, withCameras('a'));
    const watcher = await watching();
    const before = watcher.config;
    const invalid = invalidity(watcher);
    await writeFile(file, 'version: 1\nfrob: 1\n');
    expect((await invalid).issues[0]?.path).toBe('frob');
    expect(watcher.config).toBe(before);
  });

  it('tells when the file is valid again, also when nothing differs from before', async () => {
    await writeFile(file, withCameras('a'));
    const watcher = await watching();
    const invalid = invalidity(watcher);
    await rm(file);
    expect((await invalid).message).toContain('no such file');
    const changed = change(watcher);
    await writeFile(file, withCameras('a'));
    expect((await changed).diff).toEqual({
      cameras: { added: [], removed: [], changed: [] },
      usersChanged: false,
      live: [],
      restartOnly: [],
    });
  });

  it('reads again when told to, secrets included', async () => {
    const secret = path.join(folder, 'secrets', 'ann');
    await mkdir(path.dirname(secret));
    await writeFile(secret, 'old');
    await writeFile(file, 'version: 1\nusers: { ann: { passwordFile: secrets/ann } }\n');
    const watcher = await watching();
    await writeFile(secret, 'new');
    const changed = change(watcher);
    await watcher.reload();
    expect((await changed).diff.usersChanged).toBe(true);
    expect(watcher.config.users['ann']?.password).toBe('new');
  });

  it('says nothing when a reload brings nothing new', async () => {
    await writeFile(file, withCameras('a'));
    const watcher = await watching();
    const seen: string[] = [];
    watcher.on('changed', () => seen.push('changed')).on('invalid', () => seen.push('invalid'));
    await writeFile(file, `# a remark\n${withCameras('a')}`);
    await watcher.reload();
    expect(seen).toEqual([]);
  });

  it('notices what changed before it started', async () => {
    await writeFile(file, withCameras('a'));
    const { config } = await loadConfig(file, {});
    await writeFile(file, withCameras('b'));
    watcher = new ConfigWatcher({ file, config, environment: {} });
    const changed = change(watcher);
    await watcher.start();
    expect((await changed).diff.cameras.added).toEqual(['b']);
  });
});
