import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import { UsageError } from '../command.js';
import { exportCommand } from './export.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nightjar-export-'));
  await writeFile(
    path.join(folder, 'nightjar.yaml'),
    'version: 1\ndataDir: data\ncameras: { front: { streams: { main: rtsp://a/ } } }\n',
  );
});
afterAll(() => rm(folder, { recursive: true }));

const RANGE = ['--start', '2026-11-20T12:00:00Z', '--end', '2026-11-20T13:00:00+01:00'];

function run(...args: string[]): Promise<number> {
  const config = ['--config', path.join(folder, 'nightjar.yaml')];
  const say = (): void => undefined;
  return exportCommand.run([...args, ...config], { out: say, err: say });
}

describe('nightjar export', () => {
  it.each([
    [[]],
    [['front', ...RANGE]],
    [['front', 'garden', ...RANGE, '-o', 'x.mp4']],
    [['front', ...RANGE, '-o', 'x.mp4', '--gaps', 'mend']],
    [['front', '--start', 'noon', '--end', 'now', '-o', 'x.mp4']],
    [['front', '--start', '2026-11-20T12:00:00Z', '-o', 'x.mp4']],
  ])('refuses %j', async (args) => {
    await expect(run(...args)).rejects.toThrow(UsageError);
  });

  it.each([
    ['an empty range', ['front', ...RANGE, '-o', 'x.mp4'], 'end must lie after start'],
    [
      'a long range',
      ['front', '--start', '2026-01-01T00:00:00Z', '--end', '2026-02-01T00:00:00Z', '-o', 'x.mp4'],
      'at most 24 hours',
    ],
    [
      'a camera that is not there',
      ['fornt', '--start', '2026-11-20T12:00:00Z', '--end', '2026-11-20T12:30:00Z', '-o', 'x.mp4'],
      'there is no camera fornt',
    ],
    [
      'a volume that is away',
      ['front', '--start', '2026-11-20T12:00:00Z', '--end', '2026-11-20T12:30:00Z', '-o', 'x.mp4'],
      'volume main is away',
    ],
  ])('says what is wrong with %s', async (_, args, message) => {
    const error: unknown = await run(...args).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NightjarError);
    expect((error as NightjarError).message).toContain(message);
  });
});
