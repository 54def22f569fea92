import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeReceiverReport } from '../rtcp/encode.js';
import { encodeRtp } from '../rtp-packet.js';
import { createMasterKey, isSameKey, type SrtpMasterKey } from './master-key.js';
import { ReplayWindow } from './replay-window.js';
import { SrtpReceiver } from './srtp-receiver.js';
import { SrtpSender } from './srtp-sender.js';

const SSRC = 0xcafe_babe;
const WITHOUT_MKI: SrtpMasterKey = { ...createMasterKey(), mki: Buffer.alloc(0) };

const packet = (sequence: number, payload: string | Buffer = `packet ${sequence}`): Buffer =>
  encodeRtp(
    { payloadType: 96, sequence, timestamp: sequence * 3000, ssrc: SSRC, marker: true },
    Buffer.from(payload),
  );

function protect(sender: SrtpSender, plain: Buffer): Buffer {
  const out = Buffer.alloc(plain.length + sender.rtpOverheadBytes);
  return out.subarray(0, sender.rtp(plain, 0, plain.length, out, 0));
}

/** What the receiver makes of a copy; undefined when it refuses. */
function open(receiver: SrtpReceiver, sealed: Buffer): Buffer | undefined {
  const copy = Buffer.from(sealed);
  const length = receiver.rtp(copy, 0, copy.length);
  return length === 0 ? undefined : copy.subarray(0, length);
}

describe.each([
  ['without identifier', WITHOUT_MKI],
  ['with an identifier of 4 bytes', createMasterKey()],
])('SRTP %s', (_, master) => {
  let sender: SrtpSender;
  let receiver: SrtpReceiver;

  beforeEach(() => {
    sender = new SrtpSender(master);
    receiver = new SrtpReceiver(master);
  });

  it('carries any packet through', () => {
    const bytes = fc.uint8Array({ maxLength: 1500 });
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 20 }), fc.nat(0xffff), (payloads, first) => {
        const to = new SrtpReceiver(master);
        const from = new SrtpSender(master);
        for (const [i, payload] of payloads.entries()) {
          const plain = packet((first + i) & 0xffff, Buffer.from(payload));
          expect(open(to, protect(from, plain))).toEqual(plain);
        }
      }),
    );
  });

  it('keeps extension and sources of the header readable', () => {
    const plain = packet(1, Buffer.alloc(40, 7));
    plain[0] = 0x91;
    plain.writeUInt16BE(2, 12 + 4 + 2);
    const sealed = protect(sender, plain);
    expect(sealed.subarray(0, 28)).toEqual(plain.subarray(0, 28));
    expect(sealed.subarray(28, 52)).not.toEqual(plain.subarray(28));
    expect(open(receiver, sealed)).toEqual(plain);
  });

  it('goes on over wraps of the sequence number, out of order too', () => {
    for (let round = 0; round < 3; round++) {
      for (const sequence of [100, 20_000, 45_000, 65_534, 0, 65_535, 1]) {
        const plain = packet(sequence);
        expect(open(receiver, protect(sender, plain))).toEqual(plain);
      }
    }
    expect(sender.rocAt(SSRC, undefined)).toBe(3);
    expect(sender.rocAt(SSRC, 65_535)).toBe(2);
  });

  it('is joined late by who is told the rollover counter, or one next to it', () => {
    for (const sequence of [0, 30_000, 60_000, 20_000, 50_000, 10_000])
      protect(sender, packet(sequence));
    const sealed = protect(sender, packet(10_001));
    const joined = (roc: number): boolean =>
      open(new SrtpReceiver(master, new Map([[SSRC, roc]])), sealed) !== undefined;
    expect([0, 1, 2, 3, 4].map(joined)).toEqual([false, true, true, true, false]);
  });

  it('refuses what was seen, and what is too old to tell', () => {
    const first = protect(sender, packet(1));
    expect(open(receiver, first)).toBeDefined();
    expect(open(receiver, first)).toBeUndefined();
    expect(open(receiver, protect(sender, packet(3000)))).toBeDefined();
    expect(open(receiver, protect(sender, packet(2)))).toBeUndefined();
    expect(receiver.refused).toEqual({ malformed: 0, authentication: 0, replayed: 2 });
  });

  it('refuses every packet with one bit changed, and takes the right one afterwards', () => {
    const sealed = protect(sender, packet(7));
    for (let bit = 0; bit < 8 * sealed.length; bit++) {
      const forged = Buffer.from(sealed);
      forged[bit >> 3]! ^= 1 << (bit & 7);
      expect(open(receiver, forged)).toBeUndefined();
    }
    expect(open(receiver, sealed)).toEqual(packet(7));
  });

  it('never spends its key stream on two packets of one number', () => {
    const [one, other] = [protect(sender, packet(9, 'one')), protect(sender, packet(9, 'other'))];
    expect(other.length).toBe(12 + sender.rtpOverheadBytes);
    expect(open(receiver, one)).toEqual(packet(9, 'one'));
    expect(open(receiver, other)).toBeUndefined();
  });

  it('carries reports, refuses them altered or twice', () => {
    const report = encodeReceiverReport({ ssrc: SSRC, cname: 'test', reports: [] });
    for (let i = 0; i < 3; i++) {
      const sealed = sender.rtcp(report);
      const forged = Buffer.from(sealed);
      forged[10]! ^= 1;
      expect(receiver.rtcp(forged, 0, forged.length)).toBe(0);
      const copy = Buffer.from(sealed);
      expect(copy.subarray(0, receiver.rtcp(copy, 0, copy.length))).toEqual(report);
      expect(receiver.rtcp(Buffer.from(sealed), 0, sealed.length)).toBe(0);
    }
    expect(receiver.refused).toEqual({ malformed: 0, authentication: 3, replayed: 3 });
  });

  it('takes whatever comes for a refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const noise = Buffer.from(bytes);
        expect(receiver.rtp(noise, 0, noise.length)).toBe(0);
        expect(receiver.rtcp(noise, 0, noise.length)).toBe(0);
      }),
    );
  });
});

describe('a new key of a running stream', () => {
  it('does not begin the rollover counter anew, and the old key is good for what is on its way', () => {
    const [old, fresh] = [createMasterKey(), createMasterKey()];
    const sender = new SrtpSender(old);
    const receiver = new SrtpReceiver(old);
    for (const sequence of [65_000, 65_535, 3])
      expect(open(receiver, protect(sender, packet(sequence)))).toBeDefined();
    const late = protect(sender, packet(4));
    sender.rekey(fresh);
    const next = protect(sender, packet(5));
    expect(open(receiver, next)).toBeUndefined();
    receiver.rekey(fresh);
    expect(open(receiver, next)).toEqual(packet(5));
    expect(open(receiver, late)).toEqual(packet(4));
    expect(isSameKey(sender.master, fresh)).toBe(true);
    expect(sender.rocAt(SSRC, 5)).toBe(1);
  });

  it('may protect again what the old key protected', () => {
    const sender = new SrtpSender(createMasterKey());
    const first = protect(sender, packet(1));
    sender.rekey(createMasterKey());
    expect(protect(sender, packet(1)).length).toBe(first.length);
  });

  it('without identifiers takes the place of the other at once', () => {
    const fresh = { ...createMasterKey(), mki: Buffer.alloc(0) };
    const receiver = new SrtpReceiver(WITHOUT_MKI);
    receiver.rekey(fresh);
    expect(open(receiver, protect(new SrtpSender(WITHOUT_MKI), packet(1)))).toBeUndefined();
    expect(open(receiver, protect(new SrtpSender(fresh), packet(1)))).toBeDefined();
  });
});

describe('a replay window', () => {
  it('agrees with a list of all that was seen', () => {
    const step = fc.integer({ min: -80, max: 200 });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const window = new ReplayWindow(64);
        const seen = new Set<number>();
        for (const by of steps) {
          const index = Math.max(window.highest, 0) + by;
          const fresh = index >= 0 && !seen.has(index) && index > window.highest - 64;
          expect(window.isFresh(index)).toBe(fresh);
          if (!fresh) continue;
          window.add(index);
          seen.add(index);
        }
      }),
    );
  });

  it.each([0, 32, 65, 1.5])('has no size of %d', (size) => {
    expect(() => new ReplayWindow(size)).toThrow('no such size');
  });
});
