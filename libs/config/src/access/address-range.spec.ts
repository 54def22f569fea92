import { BlockList } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import { parseAddressRange } from './address-range.js';

describe('a range of addresses', () => {
  it.each([
    ['192.168.1.20', { address: '192.168.1.20', prefix: 32, family: 'ipv4' }],
    ['10.0.0.0/8', { address: '10.0.0.0', prefix: 8, family: 'ipv4' }],
    ['0.0.0.0/0', { address: '0.0.0.0', prefix: 0, family: 'ipv4' }],
    ['fd00::/8', { address: 'fd00::', prefix: 8, family: 'ipv6' }],
    ['::1', { address: '::1', prefix: 128, family: 'ipv6' }],
  ])('reads %s', (text, range) => {
    expect(parseAddressRange(text)).toEqual(range);
  });

  it.each([
    ['10.0.0.0/33', 'the prefix of an ipv4 network is 0 to 32'],
    ['fd00::/129', 'the prefix of an ipv6 network is 0 to 128'],
    ['10.0.0', 'expected an address or a network'],
    ['10.0.0.256', 'expected an address or a network'],
    ['example.com', 'expected an address or a network'],
    ['10.0.0.0/', 'expected an address or a network'],
    ['fe80::1%eth0', 'expected an address or a network'],
    ['', 'expected an address or a network'],
  ])('refuses "%s"', (text, message) => {
    expect(() => parseAddressRange(text)).toThrow(message);
  });

  it('is one that BlockList takes, or our own error', () => {
    const texts = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc
        .tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: -1, max: 140 }))
        .map(([address, prefix]) => (prefix < 0 ? address : `${address}/${prefix}`)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          const { address, prefix, family } = parseAddressRange(text);
          new BlockList().addSubnet(address, prefix, family);
        } catch (error) {
          expect(error).toBeInstanceOf(NightjarError);
        }
      }),
    );
  });
});
