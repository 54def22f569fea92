import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock, type MonotonicMs } from '@nightjar/common';
import { parseConfig } from '@nightjar/config';
import { Volume } from '@nightjar/recording';
import { checkDisks } from './disk-checks.js';
import { checkPorts, checkTime } from './machine-checks.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nightjar-checks-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the clock', () => {
  const saying = async (answer: string): Promise<string> => {
    const program = path.join(folder, 'timedatectl');
    await writeFile(program, `#!/bin/sh\necho ${answer}\n`);
    await chmod(program, 0o755);
    return program;
  };

  it('is well when a time server is followed', async () => {
    expect(await checkTime(await saying('yes'))).toMatchObject({ subject: 'time', state: 'ok' });
  });

  it('is a problem when none is, with what to do', async () => {
    expect(await checkTime(await saying('no'))).toMatchObject({
      state: 'problem',
      remedy: expect.stringContaining('set-ntp'),
    });
  });

  it('is not judged where nobody can be asked', async () => {
    const absent = path.join(folder, 'timedatectl');
    expect(await checkTime(absent)).toMatchObject({ state: 'unknown', remedy: expect.any(String) });
  });
});

describe('a disk', () => {
  it('that needs seconds for a fragment is called slow', async () => {
    const footage = path.join(folder, 'footage');
    await mkdir(footage);
    await Volume.open('main', footage, { adopt: 'any' });
    const { config } = await parseConfig(
      JSON.stringify({
        version: 1,
        dataDir: folder,
        volumes: { main: { path: footage, minFreeBytes: '0B' } },
      }),
      path.join(folder, 'nightjar.yaml'),
      {},
    );
    let nowMs = 0;
    const slow = { ...systemClock, monotonicMs: () => (nowMs += 700) as MonotonicMs };
    expect(await checkDisks(config, slow)).toEqual([
      expect.objectContaining({ subject: 'volume main', state: 'ok' }),
      {
        subject: 'volume main',
        state: 'warning',
        detail: 'the slowest of 8 fragments took 700 ms to write and sync',
        remedy: expect.stringContaining('iostat'),
      },
    ]);
  });
});

describe('a port', () => {
  it('on an address that is not of this machine is told from one that is taken', async () => {
    const { config } = await parseConfig(
      JSON.stringify({
        version: 1,
        rtsp: { host: '192.0.2.1', port: 0 },
        http: { port: 0 },
        operations: { port: 0 },
      }),
      path.join(folder, 'nightjar.yaml'),
      {},
    );
    expect((await checkPorts(config, false))[0]).toMatchObject({
      state: 'problem',
      detail: 'cannot be opened on 192.0.2.1 (EADDRNOTAVAIL)',
      remedy: 'correct rtsp.port, or the host beside it',
    });
  });
});
