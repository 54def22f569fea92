import { describe, expect, it } from '@jest/globals';
import type { SrtpMasterKey } from './master-key.js';
import { SessionCipher, deriveKey } from './session-cipher.js';
import { SrtpReceiver } from './srtp-receiver.js';
import { SrtpSender } from './srtp-sender.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

/** RFC 3711 appendix B.3. */
const MASTER: SrtpMasterKey = {
  key: hex('E1F97A0D3E018BE0D64FA32C06DE4139'),
  salt: hex('0EC675AD498AFEEBB6960B3AABE6'),
  mki: Buffer.alloc(0),
};

describe('the key derivation of SRTP', () => {
  it.each([
    ['cipher key', 0, 16, 'C61E7A93744F39EE10734AFE3FF7A087'],
    ['cipher salt', 2, 14, '30CBBC08863D8C85D49DB34A9AE1'],
    [
      'auth key',
      1,
      94,
      `CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA48F0A0ACF3C34E2359E6CDBCE
       E049646C43D9327AD175578EF7227098 6371C10C9A369AC2F94A8C5FBCDDDC25
       6D6E919A48B610EF17C2041E47403576 6B68642C59BBFC2F34DB60DBDFB2`,
    ],
  ] as const)('gives the %s of RFC 3711 B.3', (_, label, bytes, expected) => {
    expect(deriveKey(MASTER, label, bytes)).toEqual(hex(expected));
  });
});

describe('AES in counter mode', () => {
  // With this master key the session key and salt would be others, so the key stream of B.2 is asked for through a key
  // derivation of its own: label 0 and a salt that makes the derivation's counter block that of B.2.
  it('gives the key stream of RFC 3711 B.2', () => {
    const key = hex('2B7E151628AED2A6ABF7158809CF4F3C');
    const salt = hex('F0F1F2F3F4F5F6F7F8F9FAFBFCFD');
    const stream = deriveKey({ key, salt, mki: Buffer.alloc(0) }, 0, 0xff02 * 16);
    expect(stream.subarray(0, 48)).toEqual(
      hex(`E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB
           41E95B3BB0A2E8DD477901E4FCA894C0`),
    );
    expect(stream.subarray(0xfeff * 16)).toEqual(
      hex(`EC8CDF7398607CB0F2D21675EA9EA1E4 362B7C3C6773516318A077D7FC5073AE
           6A2CC3787889374FBEB4C81B17BA6C44`),
    );
  });
});

/** A packet as libsrtp's own self test has it, which every implementation is compared with. */
describe('packets under the key of RFC 3711 B.3', () => {
  const plainRtp = hex(`800f1234decafbadcafebabe${'ab'.repeat(16)}`);
  const srtp = hex('800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb');
  const plainRtcp = hex(`81c8000bcafebabe${'ab'.repeat(16)}`);
  const srtcp = hex('81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798');

  it('are protected as libsrtp does', () => {
    const sender = new SrtpSender(MASTER);
    const out = Buffer.alloc(plainRtp.length + sender.rtpOverheadBytes);
    expect(sender.rtp(plainRtp, 0, plainRtp.length, out, 0)).toBe(out.length);
    expect(out).toEqual(srtp);
    // Its first report has index 1, ours 0.
    sender.rtcp(plainRtcp);
    expect(sender.rtcp(plainRtcp)).toEqual(srtcp);
  });

  it('are read', () => {
    const receiver = new SrtpReceiver(MASTER);
    const rtp = Buffer.from(srtp);
    expect(rtp.subarray(0, receiver.rtp(rtp, 0, rtp.length))).toEqual(plainRtp);
    const rtcp = Buffer.from(srtcp);
    expect(rtcp.subarray(0, receiver.rtcp(rtcp, 0, rtcp.length))).toEqual(plainRtcp);
    expect(receiver.refused).toEqual({ malformed: 0, authentication: 0, replayed: 0 });
  });

  it('need a key of the right length', () => {
    const short = { ...MASTER, key: MASTER.key.subarray(1) };
    expect(() => new SessionCipher(short, 'rtp')).toThrow('not a key of');
  });
});
