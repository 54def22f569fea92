import { createHash } from 'node:crypto';
import type { DigestAlgorithm } from './challenge.js';

/** What enters a Digest response besides the secret. */
export interface DigestInput {
  readonly algorithm: DigestAlgorithm;
  readonly nonce: string;
  readonly method: string;
  readonly uri: string;
  /** Absent in the form of RFC 2069, which most cameras speak. */
  readonly qop?: { readonly value: string; readonly nc: string; readonly cnonce: string };
}

/** H(username:realm:password) in lower-case hex: all that a server needs to keep. RFC 7616 s.3.4.2. */
export function ha1(
  username: string,
  realm: string,
  password: string,
  algorithm: DigestAlgorithm,
): string {
  return hash(algorithm, `${username}:${realm}:${password}`);
}

/** `response` in lower-case hex. RFC 7616 s.3.4.1. */
export function digestResponse(secret: string, input: DigestInput): string {
  const { algorithm, nonce, qop } = input;
  const ha2 = hash(algorithm, `${input.method}:${input.uri}`);
  const middle = qop === undefined ? nonce : `${nonce}:${qop.nc}:${qop.cnonce}:${qop.value}`;
  return hash(algorithm, `${secret}:${middle}:${ha2}`);
}

function hash(algorithm: DigestAlgorithm, text: string): string {
  return createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
    .update(text, 'utf8')
    .digest('hex');
}
