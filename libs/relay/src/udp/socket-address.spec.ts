import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AF_INET, AF_INET6 } from '../libc.js';
import { isSamePeer, socketAddress } from './socket-address.js';

const V4 = (hex: string): string => `02001388${hex}0000000000000000`;
const V6 = (hex: string): string => `0a00138800000000${hex}00000000`;

describe('a socket address', () => {
  it.each([
    ['127.0.0.1', AF_INET, V4('7f000001')],
    ['239.255.1.2', AF_INET, V4('efff0102')],
    ['127.0.0.1', AF_INET6, V6('00000000000000000000ffff7f000001')],
    ['::1', AF_INET6, V6('00000000000000000000000000000001')],
    ['::', AF_INET6, V6('00000000000000000000000000000000')],
    ['::ffff:10.0.0.2', AF_INET6, V6('00000000000000000000ffff0a000002')],
    ['2001:db8::a:b', AF_INET6, V6('20010db80000000000000000000a000b')],
    ['1:2:3:4:5:6:7:8', AF_INET6, V6('00010002000300040005000600070008')],
    ['fe80::', AF_INET6, V6('fe800000000000000000000000000000')],
  ] as const)('of %s in family %i', (address, family, hex) => {
    expect(socketAddress(address, 5000, family)?.toString('hex')).toBe(hex);
  });

  it.each([
    ['::1', AF_INET],
    ['localhost', AF_INET],
    ['localhost', AF_INET6],
    ['fe80::1%lo', AF_INET6],
    ['', AF_INET6],
  ] as const)('of %j is not known in family %i', (address, family) => {
    expect(socketAddress(address, 5000, family)).toBeUndefined();
  });

  it.each([
    ['10.0.0.1', 5000, AF_INET, true],
    ['10.0.0.2', 5000, AF_INET, false],
    ['10.0.0.1', 5001, AF_INET, false],
    ['10.0.0.1', 5000, AF_INET6, false],
    ['::ffff:10.0.0.1', 5000, AF_INET6, false],
  ] as const)(
    'of %s port %i in family %i is that of 10.0.0.1: %s',
    (address, port, family, same) => {
      const known = socketAddress('10.0.0.1', 5000, AF_INET)!;
      expect(isSamePeer(socketAddress(address, port, family)!, known)).toBe(same);
    },
  );

  it('is the same whatever its flow label and zone', () => {
    const [a, b] = [socketAddress('fe80::1', 7, AF_INET6)!, socketAddress('fe80::1', 7, AF_INET6)!];
    a.writeUInt32BE(5, 4);
    a.writeUInt32LE(3, 24);
    expect(isSamePeer(a, b)).toBe(true);
    a[23] = 2;
    expect(isSamePeer(a, b)).toBe(false);
  });

  it('has its size, whatever the address', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV6(), fc.ipV4()), (address) => {
        expect(socketAddress(address, 1, AF_INET6)?.length).toBe(28);
      }),
    );
  });
});
