import { NightjarError } from '@nightjar/common';
import type { SrtpMasterKey } from '@nightjar/rtp';

/** RTSP 1.0 status for whatever is wrong with keys (RFC 4567 s.4.2, ONVIF Streaming s.8.2.1.4). */
export const KEY_MANAGEMENT_FAILURE = 463;

/** One stream that the key is for (RFC 3830 s.6.1.1). */
export interface CryptoSession {
  /** Number of the policy that holds for it. */
  readonly policy: number;
  /** 32 bits; 0 where it is not known yet. */
  readonly ssrc: number;
  /** Rollover counter of SRTP for the packets that come next. */
  readonly roc: number;
}

/**
 * A MIKEY message that hands over one SRTP key, as RTSP carries it inside TLS: pre-shared key mode with neither encryption
 * nor MAC of its own (ONVIF Streaming s.8.2). The suite is AES_CM_128_HMAC_SHA1_80.
 */
export interface MikeyMessage {
  /** Crypto session bundle, 32 bits. */
  readonly csbId: number;
  readonly sessions: readonly CryptoSession[];
  readonly key: SrtpMasterKey;
}

/** Payload types, RFC 3830 s.6.1. */
export const PAYLOAD = {
  last: 0,
  kemac: 1,
  timestamp: 5,
  id: 6,
  verification: 9,
  policy: 10,
  rand: 11,
  keyData: 20,
  extension: 21,
} as const;

/** Parameters of an SRTP policy, RFC 3830 s.6.10.1. */
export const POLICY = {
  encryption: 0,
  encryptionKeyBytes: 1,
  authentication: 2,
  authenticationKeyBytes: 3,
  saltBytes: 4,
  prf: 5,
  keyDerivationRate: 6,
  srtpEncrypted: 7,
  srtcpEncrypted: 8,
  srtpAuthenticated: 10,
  tagBytes: 11,
  prefixBytes: 12,
} as const;

export const AES_CM = 1;
export const HMAC_SHA1 = 1;
export const HMAC_SHA1_KEY_BYTES = 20;
/** Key types of RFC 3830 s.6.13: the key itself, without and with a salt beside it. */
export const KEY_TEK = 2;
export const KEY_TEK_SALT = 3;
/** What tells the validity of a key, RFC 3830 s.6.14. */
export const VALIDITY_NONE = 0;
export const VALIDITY_SPI = 1;
export const VALIDITY_INTERVAL = 2;

/** `code` becomes `mikey/<code>`. */
export function mikeyError(
  code: string,
  message: string,
  where: Readonly<Record<string, number>> = {},
): NightjarError {
  return new NightjarError('protocol', `mikey/${code}`, message, {
    ...where,
    status: KEY_MANAGEMENT_FAILURE,
  });
}
