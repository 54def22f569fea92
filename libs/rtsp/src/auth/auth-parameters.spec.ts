import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseAuthGroups, quote } from './auth-parameters.js';

const groupsOf = (value: string): [string, Record<string, string>][] =>
  parseAuthGroups(value).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

describe('parseAuthGroups', () => {
  it.each<[string, string, [string, Record<string, string>][]]>([
    [
      'several challenges in one value',
      'Digest realm="a, b", nonce="n", qop="auth,auth-int", Basic realm="c"',
      [
        ['Digest', { realm: 'a, b', nonce: 'n', qop: 'auth,auth-int' }],
        ['Basic', { realm: 'c' }],
      ],
    ],
    [
      'missing quotes, odd blanks',
      'digest  Realm = IP Camera ,nonce=abc==,stale=FALSE,',
      [['digest', { realm: 'IP Camera', nonce: 'abc==', stale: 'FALSE' }]],
    ],
    ['escaped quotes', 'Digest realm="a\\"b\\\\c"', [['Digest', { realm: 'a"b\\c' }]]],
    ['a quote that never ends', 'Digest realm="abc', [['Digest', { realm: 'abc' }]]],
    ['the first of two equal names', 'Digest nonce=1, nonce=2', [['Digest', { nonce: '1' }]]],
    ['no scheme', 'realm="x"', []],
    ['nothing', ' ,, ', []],
    ['no token', '\u00e9"@', []],
  ])('reads %s', (_name, wire, groups) => {
    expect(groupsOf(wire)).toEqual(groups);
  });

  it('never throws and always ends', () => {
    const piece = fc.oneof(
      fc.constantFrom('Digest ', '"', '\\', '=', ',', ' ', 'realm', 'nonce="'),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        parseAuthGroups(pieces.join(''));
      }),
    );
  });

  it('reads back what was quoted', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(groupsOf(`Digest a=${quote(text)}, b=1`)).toEqual([['Digest', { a: text, b: '1' }]]);
      }),
    );
  });
});
