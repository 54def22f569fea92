import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkCommand } from './check.js';

let file: string;

beforeAll(async () => {
  file = path.join(await mkdtemp(path.join(tmpdir(), 'nightjar-check-')), 'nightjar.yaml');
});

afterAll(() => rm(path.dirname(file), { recursive: true }));

async function check(text: string) {
  await writeFile(file, text);
  const lines: string[] = [];
  const code = await checkCommand.run([file], {
    out: (line) => lines.push(line.replaceAll(file, 'F')),
    err: (line) => lines.push(line.replaceAll(file, 'F')),
  });
  return { code, lines };
}

describe('nightjar check', () => {
  it('sums up a valid file', async () => {
    const text = `version: 1
cameras:
  front: { streams: { main: rtsp://a/, sub: rtsp://b/ }, record: continuous }
  yard: { streams: { main: rtsp://c/ }, record: off }
`;
    expect(await check(text)).toEqual({
      code: 0,
      lines: ['ok: F: 2 cameras (1 recorded), 3 streams, 1 volume, no users: everybody may watch'],
    });
  });

  it('passes on warnings', async () => {
    const text = 'version: 1\ncameras: { a: { streams: { main: rtsp://u:hunter2@a/ } } }\n';
    expect(await check(text)).toEqual({
      code: 0,
      lines: [
        'warning: F:2:34: cameras.a.streams.main: holds user and password in plain sight; use credentials with passwordFile or passwordEnv',
        'ok: F: 1 camera (0 recorded), 1 stream, 1 volume, no users: everybody may watch',
      ],
    });
  });

  it('names every problem', async () => {
    expect(await check('version: 2\nrstp: {}\n')).toEqual({
      code: 1,
      lines: [
        'F:1:10: version: expected 1, got another value',
        'F:2:1: rstp: unknown key; did you mean "rtsp"?',
        'F: 2 problems; a running Nightjar ignores this file',
      ],
    });
  });
});
