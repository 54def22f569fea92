import { randomBytes } from 'node:crypto';
import { NightjarError } from '@nightjar/common';

/** Master key and salt of AES_CM_128_HMAC_SHA1_80, RFC 3711 s.8.2. */
export const SRTP_KEY_BYTES = 16;
export const SRTP_SALT_BYTES = 14;
/** RFC 3711 s.4.2 and s.8.2: 80 bits of HMAC-SHA1, on SRTP and SRTCP. */
export const SRTP_TAG_BYTES = 10;
/** What an identifier may have at most; SPIs of MIKEY have one byte for their length. */
export const MAX_MKI_BYTES = 255;
/** Length of the identifiers that we give: what peers in the field expect (live555, Axis). */
const OUR_MKI_BYTES = 4;

/** What both ends of an SRTP stream share (RFC 3711 s.3.2.1). Never to be logged or sent in the clear. */
export interface SrtpMasterKey {
  /** 16 bytes. */
  readonly key: Buffer;
  /** 14 bytes. */
  readonly salt: Buffer;
  /** Master key identifier, stands in every packet before the tag; empty where packets carry none. */
  readonly mki: Buffer;
}

/** A new key that nobody else has, with an identifier. */
export function createMasterKey(): SrtpMasterKey {
  return {
    key: randomBytes(SRTP_KEY_BYTES),
    salt: randomBytes(SRTP_SALT_BYTES),
    mki: randomBytes(OUR_MKI_BYTES),
  };
}

/** @throws NightjarError `invalid` when a part has the wrong length */
export function checkMasterKey({ key, salt, mki }: SrtpMasterKey): void {
  if (
    key.length === SRTP_KEY_BYTES &&
    salt.length === SRTP_SALT_BYTES &&
    mki.length <= MAX_MKI_BYTES
  )
    return;
  throw new NightjarError('invalid', 'srtp/key-length', 'not a key of AES_CM_128_HMAC_SHA1_80', {
    keyBytes: key.length,
    saltBytes: salt.length,
    mkiBytes: mki.length,
  });
}

/** Whether two keys are the same, identifier included. */
export function isSameKey(a: SrtpMasterKey, b: SrtpMasterKey): boolean {
  return a.key.equals(b.key) && a.salt.equals(b.salt) && a.mki.equals(b.mki);
}
