import { describe, expect, it } from '@jest/globals';
import { filesNamedIn } from './named-files.js';

const TEXT = `
version: 1
dataDir: data
database: { urlFile: /run/secrets/database-url }
cameras:
  front:
    streams: { main: { url: rtsp://127.0.0.1/1 } }
    credentials: { username: admin, passwordFile: secrets/front }
  back:
    streams: { main: { url: rtsp://127.0.0.1/1 } }
    credentials: { username: admin, passwordFile: secrets/front }
users:
  anna: { passwordEnv: ANNA }
`;

describe('files that a configuration names', () => {
  it('are its secrets, once each, with those of what Nightjar added', () => {
    const managed = { yard: { credentials: { passwordFile: '/data/secrets/cameras/yard' } } };
    expect(filesNamedIn(TEXT, '/etc/nightjar/nightjar.yaml', {}, managed)).toEqual({
      dataDir: '/etc/nightjar/data',
      files: ['/run/secrets/database-url', 'secrets/front', '/data/secrets/cameras/yard'],
    });
  });

  it('has the data directory that the environment says', () => {
    const environment = { NIGHTJAR_DATA_DIR: '/srv/nightjar' };
    expect(filesNamedIn(TEXT, '/etc/nightjar.yaml', environment).dataDir).toBe('/srv/nightjar');
  });

  it.each(['null', '[]', '7', 'cameras: 3\ndataDir: [1]'])('are none in %s', (text) => {
    expect(filesNamedIn(text, '/n.yaml', { NIGHTJAR_DATA_DIR: '/d' }).files).toEqual([]);
  });

  it('refuses what is neither YAML nor JSON', () => {
    expect(() => filesNamedIn('a: [', '/n.yaml', {})).toThrow('/n.yaml');
  });
});
