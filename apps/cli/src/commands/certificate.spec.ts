import { X509Certificate } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readKeyPair } from '@nightjar/config';
import { UsageError } from '../command.js';
import { certificateCommand } from './certificate.js';

const DAY_MS = 86_400_000;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'nightjar-certificate-command-'));
});
afterEach(() => rm(folder, { recursive: true }));

const files = (where: string): { certFile: string; keyFile: string } => ({
  certFile: path.join(where, 'rtsp-cert.pem'),
  keyFile: path.join(where, 'rtsp-key.pem'),
});

async function make(...args: string[]): Promise<string> {
  const lines: string[] = [];
  await certificateCommand.run(args, {
    out: (line) => lines.push(line),
    err: (line) => lines.push(line),
  });
  return lines.join('\n');
}

describe('nightjar certificate', () => {
  it('makes a pair for the names and days that were asked for, and a key for its owner alone', async () => {
    const told = await make('nvr.lan', '192.0.2.7', '2001:db8::7', '--days', '90', '--out', folder);
    const { certFile, keyFile } = files(folder);
    const { notAfterMs } = await readKeyPair({ certFile, keyFile });
    expect(Math.abs(notAfterMs - Date.now() - 90 * DAY_MS)).toBeLessThan(DAY_MS);
    const certificate = new X509Certificate(await readFile(certFile));
    expect(certificate.checkHost('nvr.lan')).toBe('nvr.lan');
    for (const address of ['192.0.2.7', '2001:db8::7'])
      expect(certificate.checkIP(address)).toBe(address);
    expect(certificate.checkHost('localhost')).toBeUndefined();
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    expect(told).toContain(certificate.fingerprint256);
    expect(told).not.toContain('PRIVATE');
  });

  it('writes where rtsp.tls.selfSigned looks, for all names of this machine', async () => {
    const config = path.join(folder, 'nightjar.yaml');
    await writeFile(config, 'version: 1\ndataDir: data\nrtsp: { tls: { selfSigned: true } }\n');
    const told = JSON.parse(await make('--config', config, '--json')) as Record<string, unknown>;
    const { certFile, keyFile } = files(path.join(folder, 'data', 'secrets'));
    expect(told).toMatchObject({ certFile, keyFile, names: expect.arrayContaining(['localhost']) });
    await readKeyPair({ certFile, keyFile });
  });

  it('takes the place of files only when told to, without a moment in which others can read the key', async () => {
    const { certFile, keyFile } = files(folder);
    await writeFile(keyFile, 'precious');
    await chmod(keyFile, 0o644);
    await expect(make('nvr.lan', '--out', folder)).rejects.toThrow('--force');
    expect(await readFile(keyFile, 'utf8')).toBe('precious');
    await make('nvr.lan', '--out', folder, '--force');
    await readKeyPair({ certFile, keyFile });
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['no name', 'a..b'],
    ['no name', '-x.lan'],
    ['no name', 'über'],
    ['no name', 'a'.repeat(64)],
  ])('refuses %s: %s', async (_what, name) => {
    await expect(make('--out', folder, '--', name)).rejects.toThrow('no host name and no IP');
  });

  it.each(['0', '-1', '1.5', 'forever', '99999'])('refuses %s days', async (days) => {
    await expect(make('--out', folder, `--days=${days}`)).rejects.toThrow(UsageError);
  });

  it('says where it cannot write', async () => {
    await writeFile(path.join(folder, 'file'), '');
    await expect(make('a', '--out', path.join(folder, 'file'))).rejects.toThrow('cannot write');
    await mkdir(files(folder).keyFile);
    await expect(make('a', '--out', folder, '--force')).rejects.toThrow('cannot write');
  });
});
