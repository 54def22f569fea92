import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clientKey } from '../addresses/address.js';
import { parseLogin, printLogin } from './login-record.js';

const digits = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));

describe('a line about a login', () => {
  it('reads what was printed', () => {
    const record = fc.record({
      kind: fc.constantFrom('failed' as const, 'succeeded' as const),
      atMs: fc.integer({ min: 0, max: 9e14 }),
      client: fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant('')).map(clientKey),
      user: digits(16),
    });
    fc.assert(
      fc.property(digits(8), record, (writer, login) => {
        expect(parseLogin(printLogin(writer, login))).toEqual({ writer, ...login });
      }),
    );
  });

  it('is nothing when it is torn or foreign', () => {
    const whole = printLogin('0123abcd', {
      kind: 'failed',
      atMs: 1,
      client: '10.0.0.1',
      user: '0123456789abcdef',
    });
    for (let length = 0; length < whole.length; length++)
      expect(parseLogin(whole.slice(0, length))).toBeUndefined();
    fc.assert(
      fc.property(fc.string({ maxLength: 100 }), (text) => {
        expect(parseLogin(text)).toBeUndefined();
      }),
    );
  });
});
