import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = path.resolve(import.meta.dirname, '../..');
const GUARD = path.join(ROOT, 'dist/apps/bench/src/guard/main.js');
const WASTEFUL = path.join(ROOT, 'test/support/wasteful-writes.mjs');

describe('the guard of counted work', () => {
  it('refuses a media process that writes every packet by itself', () => {
    const { status, stdout } = spawnSync(process.execPath, [GUARD, '--media-import', WASTEFUL], {
      cwd: ROOT,
      encoding: 'utf8',
      timeout: 140_000,
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    expect(stdout).toMatch(/heap: bytes per packet and TCP reader is \d{2,}/);
    // Where system calls cannot be traced, the guard says so.
    expect(stdout).toMatch(
      /calls: writes per batch and TCP reader is 12, 11 over|skip {2}calls: writes per batch/,
    );
    // UDP readers are served as ever.
    expect(stdout).not.toMatch(/calls: sends per batch and UDP reader is/);
    expect([status, stdout.includes('guard: over budget')]).toEqual([1, true]);
  }, 150_000);
});
