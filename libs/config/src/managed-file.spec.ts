import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseConfig } from './load.js';
import { MANAGED_FILE, readManaged, updateManaged } from './managed-file.js';

describe('what Nightjar keeps beside the configuration', () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'nightjar-managed-'));
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  const write = (text: string): Promise<void> => writeFile(path.join(dataDir, MANAGED_FILE), text);
  const load = (cameras: object = {}) =>
    parseConfig(JSON.stringify({ version: 1, dataDir, cameras }), 'n.yaml', {});
  const camera = (url: string, more: object = {}): object => ({
    streams: { main: { url } },
    ...more,
  });

  it('is nothing at first, and then what was written, whole', async () => {
    expect(await readManaged(dataDir)).toEqual({ cameras: {}, addresses: {} });
    await updateManaged(dataDir, () => ({ cameras: { a: camera('rtsp://c/a') }, addresses: {} }));
    await updateManaged(dataDir, (before) => ({ ...before, addresses: { a: '10.0.0.1' } }));
    expect(await readManaged(dataDir)).toEqual({
      cameras: { a: camera('rtsp://c/a') },
      addresses: { a: '10.0.0.1' },
    });
    expect(await readdir(dataDir)).toEqual([MANAGED_FILE]);
  });

  it('loses nothing of several who write at the same time', async () => {
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(
      names.map((name) =>
        updateManaged(dataDir, ({ cameras, addresses }) => ({
          cameras: { ...cameras, [name]: camera('rtsp://c/x') },
          addresses,
        })),
      ),
    );
    expect(Object.keys((await readManaged(dataDir)).cameras)).toEqual(names);
  });

  it('adds cameras, and a declared one of the same name wins', async () => {
    await write(
      JSON.stringify({ cameras: { kept: camera('rtsp://c/kept'), both: camera('rtsp://c/kept') } }),
    );
    const { config, warnings } = await load({ both: camera('rtsp://c/declared') });
    expect(warnings).toEqual([]);
    expect(config.cameras).toMatchObject({
      kept: { managed: true, streams: { main: { url: 'rtsp://c/kept' } } },
      both: { streams: { main: { url: 'rtsp://c/declared' } } },
    });
    expect(config.cameras['both']?.managed).toBeUndefined();
  });

  it.each<[string, string, RegExp]>([
    [
      'a camera that is not valid',
      '{"cameras": {"bad": {"strems": {}}}}',
      /managed camera "bad" is left out/,
    ],
    ['a name that is none', '{"cameras": {"Bad Name": {}}}', /left out/],
    ['no JSON', '{', /holds no JSON/],
    ['no object', '[]', /holds no object/],
    [
      'a password that is gone',
      '{"cameras": {"a": {"streams": {"main": "rtsp://c/a"}, "credentials": {"username": "u", "passwordFile": "/nowhere/pw"}}}}',
      /\/nowhere\/pw/,
    ],
  ])('with %s makes no file invalid', async (_name, text, warning) => {
    await write(text);
    const { config, warnings } = await load({ good: camera('rtsp://c/good') });
    expect(config.cameras).toHaveProperty('good');
    expect(warnings.map(({ message }) => message).join('\n')).toMatch(warning);
  });

  it.each([
    ['rtsp://10.0.0.1:554/a?b=1', '10.0.0.9', 'rtsp://10.0.0.9:554/a?b=1'],
    ['rtsp://cam.lan/a', 'fd00::9', 'rtsp://[fd00::9]/a'],
    ['rtsps://[fd00::1]:322/a', '10.0.0.9', 'rtsps://10.0.0.9:322/a'],
  ])('moves %s to %s when it follows its device', async (url, host, moved) => {
    await write(JSON.stringify({ addresses: { follows: host, stays: host } }));
    const { config } = await load({
      follows: camera(url, { onvif: { device: 'S-1', address: 'by-serial' } }),
      stays: camera(url, { onvif: { device: 'S-2' } }),
    });
    expect(config.cameras['follows']?.streams['main']).toMatchObject({ url: moved });
    expect(config.cameras['stays']?.streams['main']).toMatchObject({ url });
  });
});
