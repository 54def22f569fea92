import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { UsageError } from '../command.js';
import { doctorCommand } from './doctor.js';
import { volumeCommand } from './volume.js';

let folder: string;
const taken = createServer();
let port: number;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nightjar-doctor-'));
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  port = (taken.address() as AddressInfo).port;
});
afterEach(async () => {
  taken.close();
  await rm(folder, { recursive: true });
});

async function doctor(config: object, ...args: string[]) {
  const file = path.join(folder, 'nightjar.yaml');
  const ports = Object.fromEntries(
    ['rtsp', 'http', 'operations'].map((key) => [key, { host: '127.0.0.1', port: 0 }]),
  );
  await writeFile(file, JSON.stringify({ version: 1, dataDir: 'data', ...ports, ...config }));
  const lines: string[] = [];
  const output = {
    out: (line: string) => lines.push(line),
    err: (line: string) => lines.push(line),
  };
  const code = await doctorCommand.run(['--config', file, ...args], output);
  return { code, file, output, text: lines.join('\n') };
}

const findingsOf = (text: string): { subject: string; state: string; remedy?: string }[] =>
  JSON.parse(text).filter(({ subject }: { subject: string }) => subject !== 'time');

describe('nightjar doctor', () => {
  it('finds a volume that was not adopted, a port that is taken and a database that is away, and says what to do', async () => {
    await mkdir(path.join(folder, 'footage'));
    const { code, text } = await doctor(
      {
        volumes: { main: { path: 'footage' } },
        http: { host: '127.0.0.1', port },
        database: { url: 'postgres://nightjar@127.0.0.1:1/nightjar' },
      },
      '--json',
      '--no-cameras',
    );
    taken.close();
    expect(code).toBe(1);
    const problems = findingsOf(text).filter(({ state }) => state === 'problem');
    expect(problems.map(({ subject }) => subject)).toEqual([
      `port ${port}`,
      'volume main',
      'database',
    ]);
    expect(problems.every(({ remedy }) => remedy !== undefined)).toBe(true);
    expect(await readdir(path.join(folder, 'footage'))).toEqual([]);
  }, 20_000);

  it('measures a disk, and leaves nothing on it', async () => {
    await mkdir(path.join(folder, 'footage'));
    const config = { volumes: { main: { path: 'footage', minFreeBytes: '0B' } } };
    const first = await doctor(config, '--no-cameras');
    await volumeCommand.run(['adopt', 'main', '--config', first.file], first.output);
    const { text } = await doctor(config, '--no-cameras');
    expect(text).toMatch(/^(ok|warning) +volume main: the slowest of 8 fragments took \d+ ms/m);
    expect(text).toMatch(/^ok +database: the embedded one starts with Nightjar$/m);
    const own = await readdir(path.join(folder, 'footage', '.nightjar'));
    expect(own.filter((name) => name.startsWith('doctor'))).toEqual([]);
  });

  it('refuses arguments that make no sense', async () => {
    await expect(doctor({}, '--all')).rejects.toBeInstanceOf(UsageError);
  });
});
