import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import { addressOf } from './address-bytes.js';
import { canBeTold, printProxyHeader, readProxyHeader } from './proxy-header.js';

const KEY = Buffer.alloc(32, 7);
const address = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
);

describe('the header that tells who is behind a connection', () => {
  it('is read as it was written, wherever it is cut', () => {
    fc.assert(
      fc.property(
        address,
        fc.boolean(),
        fc.nat(200),
        fc.uint8Array(),
        (bytes, secure, at, rest) => {
          const told = addressOf(Buffer.from(bytes));
          const header = printProxyHeader({ address: told, secure }, KEY);
          const wire = Buffer.concat([header, rest]);
          const { length } = header;
          // What wraps an IPv4 address is told as one.
          const wrapped = told.startsWith('::ffff:');
          const read = readProxyHeader(wire, KEY);
          if (!wrapped) expect(read).toEqual({ client: { address: told, secure }, length });
          const soFar = wire.subarray(0, at % length);
          expect(readProxyHeader(soFar, KEY)).toBe('more');
        },
      ),
    );
  });

  it('is that of the PROXY protocol, version 2', () => {
    const [v4, v6] = ['::ffff:192.0.2.1', '2001:db8::1'].map((each) =>
      printProxyHeader({ address: each, secure: true }, KEY).toString('hex'),
    );
    const mac = 'e00020[0-9a-f]{64}$';
    const signature = '0d0a0d0a000d0a515549540a';
    expect(v4).toMatch(new RegExp(`^${signature}2111.{4}c0000201.{16}2000050100000001${mac}`));
    expect(v6).toMatch(new RegExp(`^${signature}2121.{4}20010db8.{64}2000050100000001${mac}`));
  });

  it('is refused with one bit changed, or made with another key', () => {
    const header = printProxyHeader({ address: '192.0.2.1', secure: false }, KEY);
    fc.assert(
      fc.property(fc.nat(header.length * 8 - 1), (bit) => {
        const changed = Buffer.from(header);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        expect(() => readProxyHeader(changed, KEY)).toThrow(NightjarError);
      }),
    );
    expect(() => readProxyHeader(header, Buffer.alloc(32, 8))).toThrow('nobody that is known');
  });

  it('throws nothing but NightjarError', () => {
    const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
    const start = fc.constantFrom(signature, Buffer.concat([signature, Buffer.from([0x21, 0x11])]));
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 120 }), (head, rest) => {
        try {
          readProxyHeader(Buffer.concat([head, rest]), KEY);
        } catch (error) {
          expect(error).toBeInstanceOf(NightjarError);
        }
      }),
    );
  });

  it('tells addresses alone', () => {
    expect(['192.0.2.1', 'fe80::1%eth0', '', 'unknown'].map(canBeTold)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
