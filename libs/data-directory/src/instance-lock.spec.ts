import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { lockDataDirectory } from './instance-lock.js';

describe('lockDataDirectory', () => {
  let dir: string;
  let file: string;
  const holdBy = (content: string): void => {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  };

  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'nightjar-lock-'));
    file = path.join(dir, 'run', 'appliance.lock');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('writes the pid and removes the file when let go', () => {
    const lock = lockDataDirectory(dir);
    expect(lock.tookOver).toBe(false);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ pid: process.pid });
    lock.release();
    expect(existsSync(file)).toBe(false);
  });

  it('names the process that holds it', () => {
    holdBy(JSON.stringify({ pid: process.ppid, started: '' }));
    expect(() => lockDataDirectory(dir)).toThrow(
      expect.objectContaining({
        code: 'appliance/already-running',
        message: expect.stringMatching(new RegExp(`process ${process.ppid}.*--data`)),
      }),
    );
  });

  it.each([
    ['a process that is gone', () => spawnSync('true').pid, ''],
    ['a pid that belongs to another program now', () => process.ppid, 'long ago'],
    ['our own pid, as in a container that restarted', () => process.pid, ''],
  ])('takes over from %s', (_what, pid, started) => {
    holdBy(JSON.stringify({ pid: pid(), started }));
    const lock = lockDataDirectory(dir);
    expect(lock.tookOver).toBe(true);
    lock.release();
    expect(existsSync(file)).toBe(false);
  });

  it('takes over a lock that was cut off', () => {
    holdBy('{"pi');
    const lock = lockDataDirectory(dir);
    expect(lock.tookOver).toBe(true);
    lock.release();
    expect(existsSync(file)).toBe(false);
  });
});
