import { createCipheriv, createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import {
  SRTP_KEY_BYTES,
  SRTP_SALT_BYTES,
  SRTP_TAG_BYTES,
  checkMasterKey,
  type SrtpMasterKey,
} from './master-key.js';

/** What the keys of a cipher are derived for (RFC 3711 s.4.3.1 and s.4.3.2); the labels of a use follow each other. */
export type SrtpUse = 'rtp' | 'rtcp';

const FIRST_LABEL: Readonly<Record<SrtpUse, number>> = { rtp: 0x00, rtcp: 0x03 };
const AUTH_KEY_BYTES = 20;
const BLOCK_BYTES = 16;
/** Where the label is exclusive-ored into the salt: over its last 7 bytes, whose other 6 are the index, here 0. */
const LABEL_AT = 7;
const CIPHER = 'aes-128-ctr';

/**
 * AES in counter mode and HMAC-SHA1 under the session keys of one master key, for RTP or for RTCP (RFC 3711 s.4). The key
 * derivation rate is 0: session keys last as long as the master key.
 */
export class SessionCipher {
  private readonly cipherKey: KeyObject;
  private readonly authKey: KeyObject;
  private readonly salt: Buffer;
  private readonly iv = Buffer.alloc(BLOCK_BYTES);

  /** @throws NightjarError `invalid` when the key has not the lengths of the suite */
  constructor(master: SrtpMasterKey, use: SrtpUse) {
    checkMasterKey(master);
    const label = FIRST_LABEL[use];
    this.cipherKey = createSecretKey(deriveKey(master, label, SRTP_KEY_BYTES));
    this.authKey = createSecretKey(deriveKey(master, label + 1, AUTH_KEY_BYTES));
    this.salt = deriveKey(master, label + 2, SRTP_SALT_BYTES);
  }

  /**
   * Encrypts or decrypts `buf[start, end)` in place (RFC 3711 s.4.1.1).
   * @param index of the packet, below 2^48; with one key and SSRC never twice for different bytes
   */
  crypt(buf: Buffer, start: number, end: number, ssrc: number, index: number): void {
    if (end <= start) return;
    const { iv, salt } = this;
    salt.copy(iv);
    iv[14] = 0;
    iv[15] = 0;
    iv.writeUInt32BE((iv.readUInt32BE(4) ^ ssrc) >>> 0, 4);
    iv.writeUInt16BE(iv.readUInt16BE(8) ^ Math.floor(index / 0x1_0000_0000), 8);
    iv.writeUInt32BE((iv.readUInt32BE(10) ^ (index % 0x1_0000_0000)) >>> 0, 10);
    const cipher = createCipheriv(CIPHER, this.cipherKey, iv);
    cipher.update(buf.subarray(start, end)).copy(buf, start);
  }

  /** Tag of `buf[start, end)` followed by `rest`, which SRTP gives the rollover counter; written to `out` at `at`. */
  writeTag(
    buf: Buffer,
    start: number,
    end: number,
    rest: Buffer | undefined,
    out: Buffer,
    at: number,
  ): void {
    this.tagOf(buf, start, end, rest).copy(out, at, 0, SRTP_TAG_BYTES);
  }

  /** Whether the tag at `at` in `buf` is that of `buf[start, end)` followed by `rest`; in constant time. */
  verifies(buf: Buffer, start: number, end: number, rest: Buffer | undefined, at: number): boolean {
    const tag = this.tagOf(buf, start, end, rest);
    let difference = 0;
    for (let i = 0; i < SRTP_TAG_BYTES; i++) difference |= tag[i]! ^ buf[at + i]!;
    return difference === 0;
  }

  private tagOf(buf: Buffer, start: number, end: number, rest: Buffer | undefined): Buffer {
    const hmac = createHmac('sha1', this.authKey).update(buf.subarray(start, end));
    if (rest !== undefined) hmac.update(rest);
    return hmac.digest();
  }
}

/** Session key or salt for a label (RFC 3711 s.4.3.1, with AES-CM as pseudo-random function: s.4.3.3). */
export function deriveKey({ key, salt }: SrtpMasterKey, label: number, bytes: number): Buffer {
  const iv = Buffer.alloc(BLOCK_BYTES);
  salt.copy(iv);
  iv[LABEL_AT] = iv[LABEL_AT]! ^ label;
  return createCipheriv(CIPHER, key, iv).update(Buffer.alloc(bytes));
}
