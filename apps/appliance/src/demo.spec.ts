import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadConfig } from '@nightjar/config';
import { demoBanner, writeDemo } from './demo.js';

describe('demo', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'nightjar-demo-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('is a valid configuration: two cameras recorded, one watched on demand', async () => {
    const demo = writeDemo(dir, 12_345, { listen: 9554 });
    const { config, warnings } = await loadConfig(demo.configFile, { NIGHTJAR_DATA_DIR: dir });
    expect(warnings).toEqual([]);
    expect(config.rtsp.port).toBe(9554);
    expect(config.users['viewer']?.password).toBe(demo.login.password);
    const { 'front-door': front, garden, workshop } = config.cameras;
    expect(front).toMatchObject({
      streams: { main: { url: 'rtsp://127.0.0.1:12345/front-door' } },
      credentials: demo.cameraLogin,
      record: [{ stream: 'main', mode: 'continuous' }],
      retention: { maxAgeMs: 86_400_000, maxBytes: 2_000_000_000 },
    });
    expect(garden?.record[0]?.mode).toBe('continuous');
    expect(workshop?.record).toEqual([]);
  });

  it('keeps its passwords, which nobody else can read', () => {
    const first = writeDemo(dir, 1, {});
    expect(writeDemo(dir, 2, {})).toEqual(first);
    expect(statSync(path.join(dir, 'demo', 'viewer-password')).mode & 0o777).toBe(0o600);
  });

  it('prints addresses that can be pasted', async () => {
    const demo = writeDemo(dir, 1, {});
    const { config } = await loadConfig(demo.configFile, {});
    const login = { username: 'viewer', password: 'pw' };
    const banner = demoBanner(config, login, Date.UTC(2026, 10, 20, 13, 0, 30));
    expect(banner).toContain('rtsp://viewer:pw@127.0.0.1:8554/workshop');
    expect(banner).toContain(
      `ffplay -rtsp_transport tcp 'rtsp://viewer:pw@127.0.0.1:8554/playback/front-door?start=2026-11-20T12:59:30Z'`,
    );
    expect(banner).toContain('http://127.0.0.1:9464/metrics');
  });
});
