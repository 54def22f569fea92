import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { UsageError } from '../command.js';
import { volumeCommand } from './volume.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nightjar-volume-command-'));
  await writeFile(
    path.join(folder, 'nightjar.yaml'),
    `version: 1
dataDir: ${folder}/data
volumes:
  main: { path: ${folder}/main }
  old: { path: ${folder}/old, state: read-only }
`,
  );
});
afterEach(() => rm(folder, { recursive: true }));

async function run(...args: string[]): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  const code = await volumeCommand.run([...args, '--config', path.join(folder, 'nightjar.yaml')], {
    out: (line) => lines.push(line),
    err: (line) => lines.push(line),
  });
  return { code, lines };
}

async function json(...args: string[]): Promise<{ code: number; value: Record<string, unknown> }> {
  const { code, lines } = await run(...args, '--json');
  return { code, value: JSON.parse(lines.join('\n')) as Record<string, unknown> };
}

describe('nightjar volume', () => {
  it('tells what is wrong with the command that mends it, and writes nothing', async () => {
    await mkdir(path.join(folder, 'main'));
    const { code, lines } = await run('status');
    expect(code).toBe(1);
    expect(lines.join('\n')).toContain('nightjar volume adopt main');
    expect(await readdir(path.join(folder, 'main'))).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual(['main', 'nightjar.yaml']);
  });

  it('adopts a folder with other files, and knows it from then on', async () => {
    await mkdir(path.join(folder, 'main'));
    await writeFile(path.join(folder, 'main', 'holiday.jpg'), '');
    const { value } = await json('adopt', 'main');
    expect(value).toMatchObject({ name: 'main', id: expect.any(String) });
    expect(await json('status', 'main')).toMatchObject({
      code: 0,
      value: { volumes: [{ name: 'main', health: 'healthy', id: value['id'] }] },
    });
    expect((await json('list')).value).toMatchObject({
      volumes: [
        { name: 'main', state: 'active', id: value['id'] },
        { name: 'old', state: 'read-only', id: null },
      ],
    });
    // An empty mount point is not the disk that was adopted.
    await rm(path.join(folder, 'main'), { recursive: true });
    expect(await json('status', 'main')).toMatchObject({
      code: 1,
      value: { volumes: [{ health: 'volume-missing', id: value['id'], freeBytes: null }] },
    });
  });

  it('prints a table for people', async () => {
    await run('adopt', 'main');
    const { lines } = await run('list');
    expect(lines[0]).toMatch(/^NAME  STATE {6}DISK +PATH$/);
    expect(lines).toHaveLength(3);
  });

  it('refuses what it does not know', async () => {
    await expect(run('adopt', 'other')).rejects.toMatchObject({ code: 'cli/unknown-volume' });
    await expect(run('status', 'other')).rejects.toMatchObject({ code: 'cli/unknown-volume' });
    await expect(run('burn')).rejects.toThrow(UsageError);
    await expect(run('adopt')).rejects.toThrow(UsageError);
  });
});
