import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ShardList } from './orphans.js';

describe('ShardList', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(path.join(tmpdir(), 'nightjar-orphans-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  it('ends what was noted last for each slot and still runs', async () => {
    const [first, second] = [spawn('sleep', ['60']), spawn('sleep', ['60'])];
    const exits = [once(first, 'exit'), once(second, 'exit')];
    const list = new ShardList(dataDir);
    list.note(0, 2 ** 22 - 1);
    list.note(0, first.pid!);
    list.note(1, second.pid!);
    await new ShardList(dataDir).endLeft();
    expect(await Promise.all(exits)).toEqual([
      [null, 'SIGKILL'],
      [null, 'SIGKILL'],
    ]);
    await new ShardList(dataDir).endLeft();
  });

  it('leaves another process alone that has the number of one now', async () => {
    const other = spawn('sleep', ['60']);
    const file = path.join(dataDir, 'run', 'media-shards.json');
    new ShardList(dataDir).note(0, other.pid!);
    writeFileSync(file, `${JSON.stringify({ pid: other.pid, started: '1' })}\n{"pid":`);
    await new ShardList(dataDir).endLeft();
    expect(other.exitCode ?? other.signalCode).toBeNull();
    other.kill('SIGKILL');
    await once(other, 'exit');
  });

  it('has nothing to do at the first start', async () => {
    await new ShardList(dataDir).endLeft();
  });
});
