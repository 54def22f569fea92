import { NightjarError } from '@nightjar/common';

/**
 * A password as it may stand in a file. HA1 (RFC 7616 s.3.4.2, realm `nightjar`) serves Digest and Basic alike; who has
 * it can log in by Digest, so it is as secret as a password. Scrypt gives nothing away and serves Basic only.
 */
export type PasswordHash =
  | { readonly kind: 'ha1'; readonly algorithm: 'MD5' | 'SHA-256'; readonly hex: string }
  | {
      readonly kind: 'scrypt';
      /** Binary logarithm of the cost N, RFC 7914 s.2. */
      readonly logCost: number;
      readonly blockSize: number;
      readonly parallelism: number;
      readonly salt: Buffer;
      readonly hash: Buffer;
    };

/** Names of the forms, as messages tell them. */
export const PASSWORD_HASH_HELP =
  'expected ha1-md5:HEX, ha1-sha256:HEX or scrypt:ln=N,r=N,p=N:SALT:HASH, as `nightjar user hash` prints';

const HA1 = /^ha1-(md5|sha256):([0-9a-f]+)$/i;
const HEX_LENGTH = { md5: 32, sha256: 64 } as const;
const SCRYPT =
  /^scrypt:ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2}):([A-Za-z0-9_-]{11,86}):([A-Za-z0-9_-]{22,86})$/;
/** Cheaper is guessed too fast; dearer lets one login take a process's memory. */
const LOG_COST = { min: 12, max: 17 };
const MAX_BLOCK_SIZE = 16;
const MAX_PARALLELISM = 4;

/** @throws NightjarError `config/password-hash`; the message does not hold the text */
export function parsePasswordHash(text: string): PasswordHash {
  const ha1 = HA1.exec(text);
  if (ha1 !== null) {
    const name = ha1[1]!.toLowerCase() as keyof typeof HEX_LENGTH;
    const hex = ha1[2]!.toLowerCase();
    if (hex.length !== HEX_LENGTH[name])
      throw bad(`ha1-${name} needs ${HEX_LENGTH[name]} hexadecimal digits, not ${hex.length}`);
    return { kind: 'ha1', algorithm: name === 'md5' ? 'MD5' : 'SHA-256', hex };
  }
  const scrypt = SCRYPT.exec(text);
  if (scrypt === null) throw bad(PASSWORD_HASH_HELP);
  const [logCost, blockSize, parallelism] = scrypt.slice(1, 4).map(Number) as [
    number,
    number,
    number,
  ];
  if (logCost < LOG_COST.min || logCost > LOG_COST.max)
    throw bad(`scrypt: ln must be between ${LOG_COST.min} and ${LOG_COST.max}`);
  if (blockSize < 1 || blockSize > MAX_BLOCK_SIZE)
    throw bad(`scrypt: r must be between 1 and ${MAX_BLOCK_SIZE}`);
  if (parallelism < 1 || parallelism > MAX_PARALLELISM)
    throw bad(`scrypt: p must be between 1 and ${MAX_PARALLELISM}`);
  const [salt, hash] = [base64(scrypt[4]!), base64(scrypt[5]!)];
  return { kind: 'scrypt', logCost, blockSize, parallelism, salt, hash };
}

/** Inverse of {@link parsePasswordHash}. */
export function printPasswordHash(hash: PasswordHash): string {
  if (hash.kind === 'ha1') return `ha1-${hash.algorithm === 'MD5' ? 'md5' : 'sha256'}:${hash.hex}`;
  const { logCost, blockSize, parallelism, salt } = hash;
  return `scrypt:ln=${logCost},r=${blockSize},p=${parallelism}:${salt.toString('base64url')}:${hash.hash.toString('base64url')}`;
}

/** Only the one spelling that was printed: decoding forgives. */
function base64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) throw bad('scrypt: salt or hash is not base64url');
  return bytes;
}

function bad(message: string): NightjarError {
  return new NightjarError('invalid', 'config/password-hash', message);
}
