import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeSelfSigned } from '../../relay/src/rtsp-server/carriage/self-signed.js';
import { ConfigError } from './issue.js';
import { parseConfig } from './load.js';

describe('a queue in the configuration', () => {
  const PASSWORD = 'a b/@:%41#ü';
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'nightjar-queue-'));
    await writeFile(path.join(folder, 'ca.pem'), makeSelfSigned(['queue'], Date.now()).cert);
  });
  afterAll(() => rm(folder, { recursive: true }));

  const parse = async (queue: string) => {
    const text = `version: 1\nqueue: { ${queue} }`;
    const { config } = await parseConfig(text, path.join(folder, 'n.yaml'), { P: PASSWORD });
    return config.queue;
  };

  it('in Redis has its password, made of any characters, and its authority', async () => {
    const { url, ca } = await parse(
      'backend: redis, url: "rediss://h:1/2", passwordEnv: P, caFile: ca.pem',
    );
    const { host, pathname, password } = new URL(url ?? '');
    expect([host, pathname, decodeURIComponent(password)]).toEqual(['h:1', '/2', PASSWORD]);
    expect(ca).toContain('BEGIN CERTIFICATE');
  });

  it.each([
    [
      'backend: redis, url: "redis://h", passwordFile: p, passwordEnv: P',
      'queue: has both passwordFile and passwordEnv; keep one',
    ],
    ['passwordEnv: P', 'queue.passwordEnv: is for backend redis; PostgreSQL has it in its URL'],
    ['caFile: ca.pem', 'queue.caFile: is for backend redis; PostgreSQL has it in its URL'],
    [
      'backend: redis, url: "redis://h", caFile: ca.pem',
      'queue.caFile: has a meaning with a rediss:// URL only',
    ],
    ['backend: redis, url: "rediss://h", caFile: none.pem', 'none.pem: no such file'],
    [
      'backend: redis, url: "redis://h", passwordEnv: NONE',
      'queue.passwordEnv: environment variable NONE is not set',
    ],
  ])('objects to %s', async (queue, complaint) => {
    const told = await parse(queue).catch((error: unknown) => {
      if (!(error instanceof ConfigError)) throw error;
      return error.message;
    });
    expect(told).toContain(complaint);
  });
});
