import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import { databaseError } from './database-error.js';

const withCode = (code: string, message = 'x'): Error =>
  Object.assign(new Error(message), { code });

describe('databaseError', () => {
  it.each([
    ['a refused connection', withCode('ECONNREFUSED'), 'unavailable'],
    [
      'a name with several addresses, all refused',
      new AggregateError([withCode('ECONNREFUSED', 'refused')]),
      'unavailable',
    ],
    ['a server that shuts down', withCode('57P01'), 'unavailable'],
    ['too many connections', withCode('53300'), 'unavailable'],
    ['a broken connection', new Error('Connection terminated unexpectedly'), 'unavailable'],
    ['a duplicate key', withCode('23505'), 'conflict'],
    ['a deadlock', withCode('40P01'), 'conflict'],
    ['a number out of range', withCode('22003'), 'invalid'],
    ['a wrong password', withCode('28P01'), 'unauthenticated'],
    ['a table that is missing', withCode('42P01'), 'internal'],
    ['anything else', 'oops', 'internal'],
  ])('knows %s', (_name, error, kind) => {
    expect(databaseError(error)).toMatchObject({ kind, code: `catalog/database-${kind}` });
  });

  it('says what to do where the catalog was not made yet', () => {
    const missing = databaseError(withCode('42P01', 'relation "event" does not exist'));
    expect(missing.message).toBe(
      'database: relation "event" does not exist (no catalog of this version is there yet: start Nightjar, which makes it, or run: nightjar migrate)',
    );
  });

  it('leaves our own errors alone', () => {
    const own = new NightjarError('not-found', 'catalog/unknown-volume', 'no');
    expect(databaseError(own)).toBe(own);
  });
});
