import { describe, expect, it } from '@jest/globals';
import { parseAddressRange } from '@nightjar/config';
import fc from 'fast-check';
import { AllowList, clientKey, plainAddress } from './address.js';

describe('an address', () => {
  it.each([
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:10.0.0.1', '10.0.0.1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['10.0.0.1', '10.0.0.1'],
  ])('%s is %s', (address, plain) => {
    expect(plainAddress(address)).toBe(plain);
  });

  it.each([
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2:ffff::', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001::6', '2001:db8:1:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['192.0.2.1', '192.0.2.1'],
    ['', ''],
  ])('%s counts as client %s', (address, key) => {
    expect(clientKey(address)).toBe(key);
  });

  it('is one client with all others of its /64', () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.integer({ min: 0, max: 0xffff }), (address, last) => {
        const key = clientKey(address);
        fc.pre(key.endsWith('::/64'));
        expect(clientKey(`${key.slice(0, -'::/64'.length)}:1:2:3:${last.toString(16)}`)).toBe(key);
      }),
    );
  });
});

describe('a list of allowed addresses', () => {
  const list = new AllowList(['10.1.0.0/16', '192.168.1.20', 'fd00::/8'].map(parseAddressRange));

  it.each([
    ['10.1.255.255', true],
    ['::ffff:10.1.0.1', true],
    ['10.2.0.1', false],
    ['192.168.1.20', true],
    ['192.168.1.21', false],
    ['fd12::1', true],
    ['fe80::1%eth0', false],
    ['', false],
    ['localhost', false],
  ])('%s: %s', (address, allowed) => {
    expect(list.allows(address)).toBe(allowed);
  });

  it('lets everybody pass when there is none', () => {
    expect(new AllowList(undefined).allows('203.0.113.9')).toBe(true);
  });
});
