import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import { REALM } from './realm.js';
import { parseUsersFile, printedHashes } from './users-file.js';

const HEX = 'd41d8cd98f00b204e9800998ecf8427e';

describe('a list of users', () => {
  it('is read line by line', () => {
    const text = `\uFEFF# old server\r\nann:s3cret\r\n\r\n Bob.Smith :with:colons \ncam:${REALM}:${HEX.toUpperCase()}\n`;
    expect(parseUsersFile(text)).toEqual([
      { name: 'ann', password: { text: 's3cret' } },
      { name: 'Bob.Smith', password: { text: 'with:colons ' } },
      { name: 'cam', password: { hash: { kind: 'ha1', algorithm: 'MD5', hex: HEX } } },
    ]);
  });

  it.each([
    ['no colon', 'ann', 'line 1: expected user:password'],
    ['no password', '\nann:', 'line 2: the password is empty'],
    ['a bad name', 'an n:x', 'line 1: a user name is'],
    ['a name twice', 'ann:x\nann:y', 'line 2: the user ann is already there'],
    ['another realm', `ann:LIVE555:${HEX}`, 'line 1: the password is hashed for another realm'],
    ['a hash of htpasswd', 'ann:$2y$05$abcdef', 'line 1: the password is hashed in a way'],
    ['an endless password', `ann:${'x'.repeat(2000)}`, 'line 1: the password is longer than 1024'],
  ])('is refused with %s', (_, text, message) => {
    expect(() => parseUsersFile(text)).toThrow(message);
  });

  it('throws nothing but our own error, and tells no password', () => {
    const line = fc.oneof(
      fc.string({ maxLength: 80 }),
      fc
        .tuple(fc.string({ maxLength: 10 }), fc.string({ maxLength: 40 }))
        .map(([a, b]) => `${a}:${b}`),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
        try {
          const users = parseUsersFile(lines.join('\n'));
          expect(users.length).toBeLessThanOrEqual(lines.length);
        } catch (error) {
          expect(error).toBeInstanceOf(NightjarError);
        }
      }),
    );
  });

  it('becomes hashes that a configuration takes', async () => {
    const [ann, cam] = parseUsersFile(`ann:s3cret\ncam:${REALM}:${HEX}`);
    const md5 = createHash('md5').update(`ann:${REALM}:s3cret`).digest('hex');
    expect(await printedHashes(ann!, 'ha1')).toEqual([
      `ha1-md5:${md5}`,
      expect.stringMatching(/^ha1-sha256:[0-9a-f]{64}$/),
    ]);
    expect(await printedHashes(ann!, 'scrypt')).toEqual([expect.stringMatching(/^scrypt:ln=15/)]);
    expect(await printedHashes(cam!, 'scrypt')).toEqual([`ha1-md5:${HEX}`]);
  });
});
