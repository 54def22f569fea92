import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';

const GRAFANA = path.resolve(import.meta.dirname, '..', '..', 'grafana');

function promtool(...args: readonly string[]): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, {
    cwd: GRAFANA,
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
}

const filesIn = (folder: string): string[] =>
  readdirSync(path.join(GRAFANA, folder)).map((file) => path.join(folder, file));

describe('rules and alerts, by promtool', () => {
  it('are sound', () => {
    const { status, said } = promtool(
      'check',
      'rules',
      '--lint=all',
      '--lint-fatal',
      ...filesIn('rules'),
      ...filesIn('alerts'),
    );
    expect([status, said]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });

  it.each(filesIn('tests'))('%s: does not fire, fires, recovers', (file) => {
    const { status, said } = promtool('test', 'rules', file);
    expect([status, said]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });
});
