import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { StoredCheckpoint } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import { verifyCheckpoints } from './checkpoint.js';
import { signDays } from './sign-days.js';
import { publicKeyOf } from './signing-key.js';

const KEY = generateKeyPairSync('ed25519')
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

let stored: StoredCheckpoint[];
const repository = {
  lastCheckpoint: async () => stored.at(-1),
  firstDay: async (): Promise<string | undefined> => '2026-02-27',
  streamDays: async () => [],
  async addCheckpoint(checkpoint: StoredCheckpoint) {
    if (stored.some(({ day }) => day === checkpoint.day))
      throw new NightjarError('conflict', 'test/twice', 'twice');
    stored.push(checkpoint);
  },
};
const sign = (now: string): Promise<string[]> =>
  signDays(repository, KEY, 'nightjar test', Date.parse(now));

beforeEach(() => {
  stored = [];
});

describe('signDays', () => {
  it('signs what is over, once, and goes on where it stopped', async () => {
    expect(await sign('2026-03-01T01:59:00Z')).toEqual(['2026-02-27']);
    expect(await sign('2026-03-01T02:00:00Z')).toEqual(['2026-02-28']);
    expect(await sign('2026-03-01T02:00:00Z')).toEqual([]);
    expect(await sign('2026-03-04T12:00:00Z')).toEqual(['2026-03-01', '2026-03-02', '2026-03-03']);
    expect(verifyCheckpoints(stored, publicKeyOf(KEY)).flatMap(({ problems }) => problems)).toEqual(
      [],
    );
  });

  it('signs nothing of an empty archive', async () => {
    const empty = { ...repository, firstDay: async () => undefined };
    expect(await signDays(empty, KEY, 'nightjar test', Date.UTC(2026, 5))).toEqual([]);
  });

  it('leaves the day to a worker that was faster', async () => {
    const raced = { ...repository, lastCheckpoint: async () => undefined };
    expect(await sign('2026-02-28T12:00:00Z')).toEqual(['2026-02-27']);
    expect(await signDays(raced, KEY, 'nightjar test', Date.parse('2026-02-28T12:00:00Z'))).toEqual(
      [],
    );
    expect(stored).toHaveLength(1);
  });
});
