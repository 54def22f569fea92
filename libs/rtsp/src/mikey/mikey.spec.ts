import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NightjarError, type WallTimeMs } from '@nightjar/common';
import { createMasterKey } from '@nightjar/rtp';
import { decodeMikey } from './decode.js';
import { createMikey, encodeMikey } from './encode.js';
import {
  asksForMikey,
  parseKeyMgmtAttribute,
  parseMikey,
  parseMikeyParameter,
  printKeyMgmtAttribute,
  printMikey,
  printMikeyParameter,
} from './carried.js';

const NOW = Date.UTC(2026, 10, 30) as WallTimeMs;
const KEY = Buffer.from(Array.from({ length: 30 }, (_, i) => i + 1));
const hex = (...parts: string[]): string => parts.join('').replaceAll(' ', '');

const HEADER = '01 00 05 00 11223344 01 00 00 cafebabe 00000007';
const TIME = '0b 00 eeb73b0000000000';
const RAND = `0a 10 ${'5a'.repeat(16)}`;
const POLICY = '01 00 00 001b 000101 010110 020101 030114 04010e 070101 080101 0a0101 0b010a';
const KEMAC = `00 00 0027 00 21 001e ${KEY.toString('hex')} 04 01020304 00`;

/** Messages as peers write them, with what must come of them. */
const WIRES: readonly [name: string, wire: string, mki: string, sessions: number][] = [
  ['live555', hex(HEADER, TIME, RAND, POLICY, KEMAC), '01020304', 1],
  [
    'GStreamer: no identifier, the length of the tag for that of the key, key data named as such',
    hex(
      HEADER,
      TIME,
      RAND,
      '01 00 00 0015 000101 010110 020101 03010a 070101 080101 0a0101',
      `00 00 0022 14 20 001e ${KEY.toString('hex')} 00`,
    ),
    '',
    1,
  ],
  [
    'clients as ONVIF shows them: no random bytes, a salt of its own, an identifier of one byte',
    hex(
      '01 00 05 00 11223344 01 00 00 cafebabe 00000007',
      '0a 00 d38e19cef95c3d01',
      '01 00 00 0000',
      `00 00 0026 00 31 0010 ${KEY.subarray(0, 16).toString('hex')}`,
      `000e ${KEY.subarray(16).toString('hex')} 01 2f 00`,
    ),
    '2f',
    1,
  ],
  [
    'a new key alone, with an identity, an extension and a verification before it',
    hex(
      '01 00 06 80 11223344 00 00',
      '15 00 0002 6162',
      '09 01 0001 00',
      `01 01 ${'00'.repeat(20)}`,
      KEMAC,
    ),
    '01020304',
    0,
  ],
];

describe('a MIKEY message', () => {
  it.each(WIRES)('of %s is read', (_, wire, mki, sessions) => {
    const message = decodeMikey(Buffer.from(wire, 'hex'));
    expect(message.csbId).toBe(0x11223344);
    expect(Buffer.concat([message.key.key, message.key.salt])).toEqual(KEY);
    expect(message.key.mki.toString('hex')).toBe(mki);
    expect(message.sessions).toEqual(
      sessions === 0 ? [] : [{ policy: 0, ssrc: 0xcafebabe, roc: 7 }],
    );
  });

  it('is written byte for byte as by live555', () => {
    const message = decodeMikey(Buffer.from(WIRES[0]![1], 'hex'));
    const written = encodeMikey(message, NOW).toString('hex');
    const random = written.slice(2 * (19 + 10 + 2), 2 * (19 + 10 + 18));
    expect(written).toBe(WIRES[0]![1].replace('5a'.repeat(16), random));
  });

  it('survives being written and read, with any key and sessions', () => {
    const session = fc.record({
      policy: fc.constant(0),
      ssrc: fc.nat(0xffff_ffff),
      roc: fc.nat(0xffff_ffff),
    });
    const message = fc.record({
      csbId: fc.nat(0xffff_ffff),
      sessions: fc.array(session, { maxLength: 32 }),
      key: fc.record({
        key: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((b) => Buffer.from(b)),
        salt: fc.uint8Array({ minLength: 14, maxLength: 14 }).map((b) => Buffer.from(b)),
        mki: fc.uint8Array({ maxLength: 40 }).map((b) => Buffer.from(b)),
      }),
    });
    fc.assert(
      fc.property(message, (one) => {
        expect(decodeMikey(encodeMikey(one, NOW))).toEqual(one);
      }),
    );
  });

  it.each([
    ['another version', hex('02 00 05 00 11223344 00 00'), 'mikey/version'],
    ['public keys', hex('01 02 05 00 11223344 00 00'), 'mikey/type'],
    ['no key', hex('01 00 05 00 11223344 00 00', TIME.replace('0b', '00')), 'mikey/no-key'],
    ['a Diffie-Hellman payload', hex('01 00 03 00 11223344 00 00 00'), 'mikey/payload'],
    ['a generic map', hex('01 00 05 00 11223344 01 01'), 'mikey/map'],
    ['a time of unknown type', hex('01 00 05 00 11223344 00 00 00 03'), 'mikey/field'],
    [
      'a policy for something else',
      hex('01 00 0a 00 11223344 00 00 00 00 01 0000'),
      'mikey/protocol',
    ],
    ['an encrypted key', hex('01 00 01 00 11223344 00 00 00 01 0000 00'), 'mikey/kemac'],
    ['a key with a MAC', hex('01 00 01 00 11223344 00 00 00 00 0000 01'), 'mikey/kemac'],
    [
      'a key to derive others from',
      hex('01 00 01 00 11223344 00 00 00 00 0004 0000 0000 00'),
      'mikey/key-type',
    ],
    [
      'a short key',
      hex('01 00 01 00 11223344 00 00 00 00 0006 0020 0002 0102 00'),
      'mikey/key-length',
    ],
    [
      'a key that ends',
      hex('01 00 01 00 11223344 00 00 00 00 0022 0022 001e', KEY.toString('hex'), '00'),
      'mikey/validity',
    ],
    ['a length that lies', hex('01 00 01 00 11223344 00 00 00 00 ffff 00'), 'mikey/short'],
  ])('with %s is refused with status 463', (_, wire, code) => {
    const read = (): unknown => decodeMikey(Buffer.from(wire, 'hex'));
    expect(read).toThrow(
      expect.objectContaining({ code, where: expect.objectContaining({ status: 463 }) }),
    );
  });

  it.each([
    ['no encryption', '000100'],
    ['a key of 256 bits', '010120'],
    ['no authentication', '0a0100'],
    ['a tag of 32 bits', '0b0104'],
    ['AES-GCM', '000106'],
    ['keys that are derived again', '060102'],
  ])('that asks for %s is refused', (_, parameter) => {
    const wire = hex('01 00 0a 00 11223344 00 00', '00 00 00 0003', parameter);
    expect(() => decodeMikey(Buffer.from(wire, 'hex'))).toThrow('not AES_CM_128_HMAC_SHA1_80');
  });

  it('whatever it is, is read or refused', () => {
    const genuine = Buffer.from(WIRES[0]![1], 'hex');
    const mutated = fc
      .tuple(fc.nat(genuine.length - 1), fc.nat(255), fc.nat(genuine.length))
      .map(([at, value, length]) => {
        const bytes = Buffer.from(genuine);
        bytes[at] = value;
        return bytes.subarray(0, length);
      });
    const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(mutated, noise), (bytes) => {
        try {
          decodeMikey(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(NightjarError);
        }
      }),
    );
    expect(() => decodeMikey(Buffer.alloc(5000))).toThrow('too long');
  });
});

describe('MIKEY in RTSP', () => {
  const message = createMikey(createMasterKey(), [{ ssrc: 5, roc: 1 }]);

  it('is a parameter that may be broken into lines', () => {
    const body = printMikeyParameter(message, NOW);
    expect(parseMikeyParameter(body)).toEqual(message);
    const broken = body.toString().replaceAll(/.{40}/g, '$&\r\n');
    expect(parseMikeyParameter(Buffer.from(broken))).toEqual(message);
    expect(parseMikeyParameter(Buffer.from('volume: 7'))).toBeUndefined();
  });

  it.each([
    ['mikey', true],
    ['MIKEY\r\n', true],
    ['mikey:', true],
    ['mikey: AQ==', false],
    ['packets', false],
    ['', false],
  ])('is asked for by %j: %s', (body, asked) => {
    expect(asksForMikey(Buffer.from(body))).toBe(asked);
  });

  it('is an attribute of SDP', () => {
    expect(parseKeyMgmtAttribute(printKeyMgmtAttribute(message, NOW))).toEqual(message);
    expect(parseKeyMgmtAttribute('sdes AAAA')).toBeUndefined();
  });

  it.each(['', '%%%', '==', 'AQ', 'A'.repeat(10_000)])('is not %.10j', (text) => {
    expect(() => parseMikey(text)).toThrow(NightjarError);
  });

  it('is base64 of the whole message', () => {
    expect(parseMikey(` ${printMikey(message, NOW)} `)).toEqual(message);
  });
});
