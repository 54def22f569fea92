import { SRTP_KEY_BYTES, SRTP_SALT_BYTES, SRTP_TAG_BYTES } from '@nightjar/rtp';
import { AES_CM, HMAC_SHA1, HMAC_SHA1_KEY_BYTES, POLICY, mikeyError } from './message.js';

const ON = 1;

/** What AES_CM_128_HMAC_SHA1_80 is in a policy (RFC 3830 s.6.10.1): the parameters as live555 and ONVIF write them. */
export const SUITE: readonly (readonly [type: number, value: number])[] = [
  [POLICY.encryption, AES_CM],
  [POLICY.encryptionKeyBytes, SRTP_KEY_BYTES],
  [POLICY.authentication, HMAC_SHA1],
  [POLICY.authenticationKeyBytes, HMAC_SHA1_KEY_BYTES],
  [POLICY.saltBytes, SRTP_SALT_BYTES],
  [POLICY.srtpEncrypted, ON],
  [POLICY.srtcpEncrypted, ON],
  [POLICY.srtpAuthenticated, ON],
  [POLICY.tagBytes, SRTP_TAG_BYTES],
];

/** Values that a parameter may have here; what is missing has the value of the suite. */
const ALLOWED: ReadonlyMap<number, readonly number[]> = new Map<number, readonly number[]>([
  ...SUITE.map(([type, value]) => [type, [value]] as const),
  // field: GStreamer writes the length of the tag for that of the key.
  [POLICY.authenticationKeyBytes, [HMAC_SHA1_KEY_BYTES, SRTP_TAG_BYTES]],
  [POLICY.prf, [0]],
  [POLICY.keyDerivationRate, [0]],
  [POLICY.prefixBytes, [0]],
]);

/** @throws NightjarError `protocol` with `where.status` 463 when a policy asks for anything else */
export function checkSuite(parameters: ReadonlyMap<number, number>): void {
  for (const [type, value] of parameters) {
    if (ALLOWED.get(type)?.includes(value) === false)
      throw mikeyError('suite', 'not AES_CM_128_HMAC_SHA1_80', { parameter: type, value });
  }
}
