import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import { configFromFlags } from './flags.js';
import { parseConfig } from './load.js';

let data: string;

beforeEach(async () => {
  data = path.join(await mkdtemp(path.join(tmpdir(), 'nightjar-flags-')), 'data');
});

afterEach(() => rm(path.dirname(data), { recursive: true }));

describe('configFromFlags', () => {
  it('says in a file what the flags say', async () => {
    const cameras = ['front=rtsp://10.0.0.1/s', 'yard=rtsp://10.0.0.2:8554/x?a=b'];
    const text = await configFromFlags({ cameras, listen: 9_554, data });
    const { config, warnings } = await parseConfig(text, 'flags.yaml', {});
    expect(warnings).toEqual([]);
    expect(config.dataDir).toBe(data);
    expect(config.rtsp.port).toBe(9_554);
    expect(Object.keys(config.cameras)).toEqual(['front', 'yard']);
    expect(config.cameras['yard']).toMatchObject({
      streams: { main: { url: 'rtsp://10.0.0.2:8554/x?a=b' } },
      record: [{ stream: 'main', mode: 'continuous' }],
      credentials: undefined,
    });
  });

  it('moves passwords to files that only the owner reads', async () => {
    const text = await configFromFlags({ cameras: ['front=rtsp://ann:s%3Acret@10.0.0.1/'], data });
    expect(text).not.toMatch(/s%3Acret|s:cret/);
    const file = path.join(data, 'secrets', 'front');
    expect(await readFile(file, 'utf8')).toBe('s:cret');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700);
    const { config } = await parseConfig(text, 'flags.yaml', {});
    expect(config.cameras['front']).toMatchObject({
      streams: { main: { url: 'rtsp://10.0.0.1/' } },
      credentials: { username: 'ann', password: 's:cret' },
    });
  });

  it('keeps a user without a password in the URL', async () => {
    const text = await configFromFlags({ cameras: ['front=rtsp://ann@10.0.0.1/'], data });
    const { config } = await parseConfig(text, 'flags.yaml', {});
    expect(config.cameras['front']?.credentials).toEqual({ username: 'ann', password: '' });
  });

  it.each([
    [
      'rtsp://10.0.0.1/',
      '--camera wants NAME=URL, the name of lower-case letters, digits and hyphens',
    ],
    [
      'Front=rtsp://10.0.0.1/',
      '--camera wants NAME=URL, the name of lower-case letters, digits and hyphens',
    ],
    [
      'front=http://u:secret@a/',
      '--camera front: expected an URL that begins with rtsp:// or rtsps://',
    ],
  ])('refuses %s', async (flag, message) => {
    const refused = configFromFlags({ cameras: [flag], data });
    await expect(refused).rejects.toThrow(
      new NightjarError('invalid', 'config/camera-flag', message),
    );
  });

  it('refuses a name given twice', async () => {
    const cameras = ['front=rtsp://a/', 'front=rtsp://b/'];
    await expect(configFromFlags({ cameras, data })).rejects.toThrow(
      '--camera front is given twice',
    );
  });
});
