import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseAddressRange, type AdoptRule } from '@nightjar/config';
import { matchesPattern, matchRule, nameByRule } from './match-rule.js';

const RULE = {
  name: 'cam-{serial}',
  addresses: ['10.0.0.0/24', 'fd00::/64'].map(parseAddressRange),
  make: 'acme*',
  model: undefined,
  serial: undefined,
} as unknown as AdoptRule;

const device = (address: string, make?: string) => ({
  addresses: [address],
  make,
  model: undefined,
  serial: undefined,
});

describe('a rule of adoption', () => {
  it.each([
    ['10.0.0.7', 'ACME Inc.', 'yes'],
    ['fd00::7', 'Acme', 'yes'],
    ['10.0.0.7', undefined, 'unknown'],
    ['10.0.0.7', 'Other', 'no'],
    ['10.0.1.7', 'Acme', 'no'],
    ['10.0.1.7', undefined, 'no'],
  ])('at %s, made by %s: %s', (address, make, outcome) => {
    expect(matchRule(RULE, device(address, make))).toBe(outcome);
  });

  it('is for nobody without an address', () => {
    expect(matchRule(RULE, { ...device('', 'Acme'), addresses: [] })).toBe('no');
  });

  it('gives names of nothing but what names may have', () => {
    const name = (serial: string): string =>
      nameByRule('cam-{serial}', { id: 7, addresses: ['10.0.0.7'], serial });
    expect(name('AB/12..34')).toBe('cam-ab-12-34');
    expect(name('../../etc/passwd')).toBe('cam-etc-passwd');
    expect(
      nameByRule('c{id}-{address}', { id: 7, addresses: ['fd00::7'], serial: undefined }),
    ).toBe('c7-fd00-7');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (serial) => {
        expect(name(serial)).toMatch(/^cam-[a-z0-9-]{0,32}$/);
      }),
    );
  });
});

describe('a pattern', () => {
  it.each([
    ['*', '', true],
    ['a*', 'ABC', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['*b*d', 'abcd', true],
    ['*b*e', 'abcd', false],
    ['', 'a', false],
    ['a.c', 'abc', false],
    ['[a]', 'a', false],
  ])('%s of %s: %s', (pattern, text, outcome) => {
    expect(matchesPattern(pattern, text)).toBe(outcome);
  });

  it('is as a regular expression that says the same', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
    const texts = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 10 });
    fc.assert(
      fc.property(letters, texts, (pattern, text) => {
        const expression = `^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`;
        expect(matchesPattern(pattern, text)).toBe(new RegExp(expression).test(text));
      }),
    );
  });
});
