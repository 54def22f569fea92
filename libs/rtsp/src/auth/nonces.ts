import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const KEY_BYTES = 32;
const TIME_BYTES = 6;
const RANDOM_BYTES = 10;
const MAC_BYTES = 16;
const MAC_AT = TIME_BYTES + RANDOM_BYTES;
const NONCE_BYTES = MAC_AT + MAC_BYTES;

/**
 * Nonces that need no table: time of issue, random bytes and a MAC over both and the peer's address,
 * in base64url. The key lives as long as the object.
 */
export class NonceIssuer {
  private readonly key = randomBytes(KEY_BYTES);

  issue(peer: string, nowMs: number): string {
    const nonce = Buffer.alloc(NONCE_BYTES);
    nonce.writeUIntBE(Math.floor(nowMs), 0, TIME_BYTES);
    randomBytes(RANDOM_BYTES).copy(nonce, TIME_BYTES);
    this.mac(nonce, peer).copy(nonce, MAC_AT);
    return nonce.toString('base64url');
  }

  /** Epoch ms at which this nonce was issued to this peer; undefined if it never was. */
  issuedAt(nonce: string, peer: string): number | undefined {
    const bytes = Buffer.from(nonce, 'base64url');
    // Decoding forgives; only the one spelling that was issued may pass, or nc could start anew.
    if (bytes.length !== NONCE_BYTES || bytes.toString('base64url') !== nonce) return undefined;
    if (!timingSafeEqual(bytes.subarray(MAC_AT), this.mac(bytes, peer))) return undefined;
    return bytes.readUIntBE(0, TIME_BYTES);
  }

  private mac(nonce: Buffer, peer: string): Buffer {
    return createHmac('sha256', this.key)
      .update(nonce.subarray(0, MAC_AT))
      .update(peer, 'utf8')
      .digest()
      .subarray(0, MAC_BYTES);
  }
}
