import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';

const UNITS = path.resolve(import.meta.dirname, '..', '..', 'infra', 'systemd');
const names = readdirSync(UNITS).filter((name) => /\.(?:service|target)$/.test(name));
const services = names.filter((name) => name.endsWith('.service'));
/** Exposure of `systemd-analyze security`, times ten. */
const MAX_EXPOSURE = 15;

const folder = mkdtempSync(path.join(tmpdir(), 'nightjar-units-'));
afterAll(() => rmSync(folder, { recursive: true }));
for (const name of names) {
  const text = readFileSync(path.join(UNITS, name), 'utf8');
  writeFileSync(path.join(folder, name), text.replaceAll('/usr/bin/node', process.execPath));
}

const analyze = (...args: string[]) =>
  spawnSync('systemd-analyze', args, { encoding: 'utf8', cwd: folder });
const where = analyze('--version').error === undefined ? describe : describe.skip;

where('infra/systemd, by systemd-analyze', () => {
  it('is what systemd understands', () => {
    expect(services).toHaveLength(4);
    const { status, stderr } = analyze('verify', '--man=no', ...names.map((name) => `./${name}`));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    writeFileSync(
      path.join(folder, 'wrong.service'),
      '[Service]\nExecStart=/bin/true\nTyp=notify\n',
    );
    expect(analyze('verify', '--man=no', './wrong.service').stderr).toMatch(/Unknown key.* 'Typ'/);
  });

  const exposed = (file: string): ReturnType<typeof analyze> =>
    analyze('security', '--offline=true', '--no-pager', `--threshold=${MAX_EXPOSURE}`, file);

  it.each(services)('%s is given little', (name) => {
    expect(exposed(path.join(folder, name))).toMatchObject({ status: 0, stderr: '' });
  });

  it('would object to a service that keeps its capabilities', () => {
    const text = readFileSync(path.join(folder, 'nightjar.service'), 'utf8');
    writeFileSync(path.join(folder, 'open.service'), text.replace('CapabilityBoundingSet=\n', ''));
    expect(exposed(path.join(folder, 'open.service')).status).not.toBe(0);
  });
});

describe('infra/systemd', () => {
  it('gives each role an operations port of its own', () => {
    const ports = services.flatMap((name) =>
      [...readFileSync(path.join(UNITS, name), 'utf8').matchAll(/OPERATIONS_PORT=(\d+)/g)].map(
        ([, port]) => Number(port),
      ),
    );
    expect(ports.toSorted((a, b) => a - b)).toEqual([9464, 9465, 9466]);
  });
});
