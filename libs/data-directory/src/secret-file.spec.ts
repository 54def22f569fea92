import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { keptSecret } from './secret-file.js';

describe('keptSecret', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'nightjar-secret-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('makes a secret once, for this user only', () => {
    const file = path.join(dir, 'secrets', 'one');
    const secret = keptSecret(file);
    expect(secret).toMatch(/^[\w-]{24}$/);
    expect(keptSecret(file)).toBe(secret);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
  });

  it('replaces a file that a power loss left empty', () => {
    const file = path.join(dir, 'one');
    writeFileSync(file, '');
    expect(keptSecret(file)).not.toBe('');
  });
});
