import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import { parsePasswordHash, printPasswordHash, type PasswordHash } from './password-hash.js';

const SALT = 'AAECAwQFBgcICQoLDA0ODw';
const HASH = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';

const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
const bytes = (minLength: number) =>
  fc.uint8Array({ minLength, maxLength: 64 }).map((array) => Buffer.from(array));

const anyHash: fc.Arbitrary<PasswordHash> = fc.oneof(
  hex(32).map((text) => ({ kind: 'ha1' as const, algorithm: 'MD5' as const, hex: text })),
  hex(64).map((text) => ({ kind: 'ha1' as const, algorithm: 'SHA-256' as const, hex: text })),
  fc.record({
    kind: fc.constant('scrypt' as const),
    logCost: fc.integer({ min: 12, max: 17 }),
    blockSize: fc.integer({ min: 1, max: 16 }),
    parallelism: fc.integer({ min: 1, max: 4 }),
    salt: bytes(9),
    hash: bytes(17),
  }),
);

describe('a password hash', () => {
  it('reads what was printed', () => {
    fc.assert(
      fc.property(anyHash, (hash) => {
        expect(parsePasswordHash(printPasswordHash(hash))).toEqual(hash);
      }),
    );
  });

  it('is refused by our own error alone, without being told', () => {
    const mutated = fc
      .tuple(anyHash.map(printPasswordHash), fc.nat(120), fc.string({ maxLength: 3 }))
      .map(([text, at, piece]) => text.slice(0, at) + piece + text.slice(at + 1));
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 200 }), mutated), (text) => {
        try {
          parsePasswordHash(text);
        } catch (error) {
          expect(error).toBeInstanceOf(NightjarError);
          if (text.length > 40) expect((error as Error).message).not.toContain(text);
        }
      }),
    );
  });

  it.each([
    ['a short MD5', 'ha1-md5:abc', 'ha1-md5 needs 32 hexadecimal digits, not 3'],
    ['a bare password', 'hunter2', 'expected ha1-md5:HEX'],
    ['a cost that is no cost', `scrypt:ln=4,r=8,p=1:${SALT}:${HASH}`, 'ln must be between 12'],
    ['a cost that fills the memory', `scrypt:ln=30,r=8,p=1:${SALT}:${HASH}`, 'ln must be between'],
    ['huge blocks', `scrypt:ln=15,r=99,p=1:${SALT}:${HASH}`, 'r must be between 1 and 16'],
    ['many lanes', `scrypt:ln=15,r=8,p=9:${SALT}:${HASH}`, 'p must be between 1 and 4'],
    ['loose bits at the end', `scrypt:ln=15,r=8,p=1:${SALT.slice(0, -1)}x:${HASH}`, 'base64url'],
  ])('refuses %s', (_, text, message) => {
    expect(() => parsePasswordHash(text)).toThrow(message);
  });
});
