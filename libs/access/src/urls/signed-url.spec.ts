import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { signGrant, verifyToken } from './signed-url.js';
import { keptUrlKey, urlKeyFile } from './url-key.js';

const KEY = randomBytes(32);
const NOW = Date.UTC(2026, 0, 1);
const grant = {
  action: 'view',
  camera: 'front-door',
  expiresAtMs: NOW + 60_000,
  issuer: 'ann',
  address: undefined,
} as const;
const check = (token: string, more: Partial<Parameters<typeof verifyToken>[1]> = {}) =>
  verifyToken(token, { key: KEY, nowMs: NOW, address: '192.0.2.1', ...more });

describe('a signed URL', () => {
  it('gives what was granted', () => {
    const verdict = check(signGrant(grant, KEY));
    expect(verdict).toEqual({
      ok: true,
      principal: { name: expect.stringMatching(/^url .{16}$/), url: grant },
    });
  });

  it.each([
    [{ startMs: NOW, endMs: NOW + 1 }],
    [{ startMs: NOW, endMs: Infinity }],
    [{ startMs: -Infinity, endMs: NOW }],
  ])('gives the footage that it was made for: %j', (span) => {
    const verdict = check(signGrant({ ...grant, action: 'playback', span }, KEY));
    expect(verdict).toMatchObject({ principal: { url: { span } } });
  });

  it('needs no character that a URL would change, and fits into one', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/),
        fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/),
        fc.option(fc.ipV6(), { nil: undefined }),
        (camera, issuer, address) => {
          const span = { startMs: NOW, endMs: NOW + 86_400_000 };
          const token = signGrant({ ...grant, camera, issuer, address, span }, KEY);
          expect(token).toMatch(/^[A-Za-z0-9_.-]{1,512}$/);
          expect(check(token, { address: address ?? '' }).ok).toBe(true);
        },
      ),
    );
  });

  it.each([
    ['after its end', { nowMs: NOW + 60_000 }, 'expired'],
    ['under another key', { key: randomBytes(32) }, 'forged'],
  ] as const)('is worth nothing %s', (_, more, reason) => {
    expect(check(signGrant(grant, KEY), more)).toEqual({ ok: false, reason });
  });

  it('is bound to an address, however that is written', () => {
    const token = signGrant({ ...grant, address: '192.0.2.7' }, KEY);
    expect(check(token, { address: '::ffff:192.0.2.7' }).ok).toBe(true);
    expect(check(token)).toEqual({ ok: false, reason: 'elsewhere' });
  });

  it('refuses an address that is none when it is made', () => {
    expect(() => signGrant({ ...grant, address: 'my-phone' }, KEY)).toThrow(
      '"my-phone" is no IP address',
    );
  });

  it('is forged when anything of it is changed', () => {
    const token = signGrant(grant, KEY);
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.string({ maxLength: 2 }), (at, piece) => {
        const changed = token.slice(0, at) + piece + token.slice(at + 1);
        fc.pre(changed !== token);
        expect(check(changed)).toEqual({ ok: false, reason: 'forged' });
      }),
    );
  });

  it('takes any text for forged', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2_000 }), (text) => {
        expect(check(text)).toEqual({ ok: false, reason: 'forged' });
      }),
    );
  });
});

describe('the key that signs URLs', () => {
  it('is made once, for all who come at the same time, and readable by its owner alone', async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'url-key-'));
    const file = urlKeyFile(dataDir);
    const keys = await Promise.all(Array.from({ length: 5 }, () => keptUrlKey(file)));
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readFile(file, 'utf8')).length).toBeGreaterThan(40);
    await writeFile(file, 'no key');
    await expect(keptUrlKey(file)).rejects.toThrow('holds no key; remove it for a new one');
    await rm(dataDir, { recursive: true });
  });
});
