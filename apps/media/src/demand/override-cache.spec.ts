import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RecordingOverride } from '@nightjar/catalog';
import { OverrideCache } from './override-cache.js';

const privacy: RecordingOverride = {
  camera: 'front',
  stream: undefined,
  action: 'privacy',
  untilMs: 5,
  reason: 'visitors',
  setBy: 'anna',
  setAtMs: 1,
};

describe('OverrideCache', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'nightjar-overrides-'));
    file = path.join(folder, 'data', 'overrides.json');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('knows nothing at first, then what was saved last', async () => {
    expect(await new OverrideCache(file).load()).toBeUndefined();
    await new OverrideCache(file).save([privacy, { ...privacy, stream: 'sub', action: 'record' }]);
    expect(await new OverrideCache(file).load()).toEqual([
      privacy,
      { ...privacy, stream: 'sub', action: 'record' },
    ]);
    await new OverrideCache(file).save([]);
    expect(await new OverrideCache(file).load()).toEqual([]);
    expect(await readdir(path.dirname(file))).toEqual(['overrides.json']);
  });

  it.each([
    '',
    '{',
    '{}',
    '{"overrides":[{"camera":"front","action":"party"}]}',
    '{"overrides":[null]}',
  ])('does not take %p for knowledge', async (text) => {
    const here = path.join(folder, 'broken.json');
    await writeFile(here, text);
    await expect(new OverrideCache(here).load()).rejects.toThrow(SyntaxError);
  });
});
