import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { loadConfig } from '@nightjar/config';
import { INSTALLATION } from '@nightjar/role';
import { installService } from './install-service.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'nightjar-service-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const install = (overrides: object = {}) =>
  installService({
    root,
    installation: INSTALLATION,
    node: '/opt/node/bin/node',
    split: false,
    run: (program) => {
      throw new Error(`${program} was run for a package`);
    },
    ...overrides,
  });
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

it('writes a service that runs this installation with its Node.js', async () => {
  const { files, unit, credentials } = await install();
  expect({ unit, credentials }).toEqual({ unit: 'nightjar.service', credentials: [] });
  expect(files).toEqual([
    '/etc/sysusers.d/nightjar.conf',
    '/etc/nightjar/nightjar.yaml',
    '/etc/systemd/system/nightjar.service',
    '/usr/local/bin/nightjar',
  ]);
  const command = `/opt/node/bin/node ${INSTALLATION}/dist/apps/cli/src/main.js`;
  expect(read('etc/systemd/system/nightjar.service')).toContain(`\nExecStart=${command} serve\n`);
  expect(read('usr/local/bin/nightjar')).toContain(`\nrun="${command}"\n`);
  expect(statSync(path.join(root, 'usr/local/bin/nightjar')).mode & 0o111).toBe(0o111);
  expect(
    (await loadConfig(path.join(root, 'etc/nightjar/nightjar.yaml'), {})).config.cameras,
  ).toEqual({});
  expect(statSync(path.join(root, 'etc/nightjar/credentials')).mode & 0o777).toBe(0o700);
});

it('writes a service for each role', async () => {
  const { files, unit } = await install({ split: true });
  expect(unit).toBe('nightjar.target');
  expect(files.filter((file) => file.startsWith('/etc/systemd'))).toEqual(
    ['media.service', 'control.service', 'worker.service']
      .map((name) => `/etc/systemd/system/nightjar-${name}`)
      .concat('/etc/systemd/system/nightjar.target'),
  );
  for (const role of ['media', 'control', 'worker'])
    expect(read(`etc/systemd/system/nightjar-${role}.service`)).toMatch(
      new RegExp(`^ExecStart=.* serve ${role}$`, 'm'),
    );
});

it('gives the service the credentials that are there, and leaves the configuration alone', async () => {
  await install();
  writeFileSync(path.join(root, 'etc/nightjar/nightjar.yaml'), 'mine');
  const folder = path.join(root, 'etc/nightjar/credentials');
  writeFileSync(path.join(folder, 'database-url'), 'x');
  expect((await install()).credentials).toEqual(['database-url']);
  const load = 'LoadCredential=database-url:/etc/nightjar/credentials/database-url';
  const dropIn = 'etc/systemd/system/nightjar.service.d/credentials.conf';
  expect(read(dropIn)).toContain(`[Service]\n${load}\n`);
  expect(read('usr/local/bin/nightjar')).toContain(`-p ${load}`);
  expect(read('etc/nightjar/nightjar.yaml')).toBe('mine');

  rmSync(path.join(folder, 'database-url'));
  await install();
  expect(() => read(dropIn)).toThrow(/ENOENT/);
});

it('refuses a credential that would break the unit', async () => {
  const folder = path.join(root, 'etc/nightjar/credentials');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'two\nlines'), 'x');
  await expect(install()).rejects.toMatchObject({ code: 'service/credential' });
});

it.each([
  ['installation', '/home/ann/nightjar'],
  ['node', '/home/ann/.nvm/versions/node/v24/bin/node'],
])('refuses an %s that the service cannot see', async (key, file) => {
  await expect(install({ [key]: file })).rejects.toMatchObject({ code: 'service/hidden' });
});
