import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { keyPairOf } from '@nightjar/config';
import fc from 'fast-check';
import { addressBytes } from './address-bytes.js';
import { objectId, time, unsigned } from './der.js';
import { makeSelfSigned } from './self-signed.js';

const NOW = Date.parse('2026-11-30T12:00:00Z');
const FILES = { certFile: 'cert', keyFile: 'key' };

describe('a certificate of our own', () => {
  it('is good for the names it was made for, and for nothing else', () => {
    const names = ['nvr.lan', 'localhost', '192.0.2.7', '2001:db8::7'];
    const certificate = new X509Certificate(makeSelfSigned(names, NOW).cert);
    expect(certificate.subject).toBe('CN=nvr.lan');
    expect(certificate.issuer).toBe('CN=nvr.lan');
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.ca).toBe(false);
    for (const name of ['nvr.lan', 'localhost']) expect(certificate.checkHost(name)).toBe(name);
    for (const name of ['192.0.2.7', '2001:db8::7']) expect(certificate.checkIP(name)).toBe(name);
    expect(certificate.checkHost('nvr.example')).toBeUndefined();
    expect(certificate.checkIP('192.0.2.8')).toBeUndefined();
  });

  it('belongs to its key, from the day before on, for ten years', () => {
    const pair = keyPairOf(makeSelfSigned(['nvr.lan'], NOW), FILES);
    expect(new Date(pair.notBeforeMs).toISOString()).toBe('2026-11-29T12:00:00.000Z');
    expect(new Date(pair.notAfterMs).toISOString()).toBe('2036-11-27T12:00:00.000Z');
  });
});

describe('DER', () => {
  it.each([
    ['1.2.840.10045.4.3.2', '06082a8648ce3d040302'],
    ['2.5.29.17', '0603551d11'],
  ])('writes the object identifier %s', (dotted, hex) => {
    expect(objectId(dotted).toString('hex')).toBe(hex);
  });

  it('writes numbers as short as they can be, and never as negative ones', () => {
    expect(unsigned(Buffer.from('0000', 'hex')).toString('hex')).toBe('020100');
    expect(unsigned(Buffer.from('0080', 'hex')).toString('hex')).toBe('02020080');
    expect(unsigned(Buffer.from('7f', 'hex')).toString('hex')).toBe('02017f');
  });

  it('writes years from 2050 on in full', () => {
    expect(time(new Date('2049-12-31T23:59:59Z')).toString('latin1', 2)).toBe('491231235959Z');
    expect(time(new Date('2050-01-01T00:00:00Z')).toString('latin1', 2)).toBe('20500101000000Z');
  });

  it('writes every address', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        expect(addressBytes(address)).toHaveLength(16);
      }),
    );
    expect(addressBytes('::1').toString('hex')).toBe(`${'0'.repeat(31)}1`);
    expect(addressBytes('2001:db8::ff:0').toString('hex')).toBe('20010db8000000000000000000ff0000');
    expect(addressBytes('192.0.2.1').toString('hex')).toBe('c0000201');
  });
});
