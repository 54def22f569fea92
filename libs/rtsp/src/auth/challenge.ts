import { type AuthGroup, parseAuthGroups } from './auth-parameters.js';

/** Hash functions of Digest that we speak; the `-sess` variants are not among them. */
export type DigestAlgorithm = 'MD5' | 'SHA-256';

/** One challenge of a WWW-Authenticate header. RFC 7616 s.3.3, RFC 7617. */
export interface Challenge {
  readonly scheme: 'Digest' | 'Basic';
  readonly realm: string;
  readonly nonce?: string;
  /** Absent = MD5. */
  readonly algorithm?: DigestAlgorithm;
  readonly qop?: string[];
  readonly opaque?: string;
  readonly stale?: boolean;
}

/** Names an algorithm; undefined for one that we do not speak. */
export function algorithmOf(name: string): DigestAlgorithm | undefined {
  const upper = name.toUpperCase();
  return upper === 'MD5' || upper === 'SHA-256' ? upper : undefined;
}

/**
 * Reads all WWW-Authenticate values of a response, one or several challenges each, quotes missing or
 * not. Challenges that cannot be used (other schemes and algorithms, no nonce) are left out.
 */
export function parseChallenges(values: readonly string[]): Challenge[] {
  return values.flatMap(parseAuthGroups).flatMap((group) => challengeOf(group) ?? []);
}

function challengeOf({ scheme, parameters }: AuthGroup): Challenge | undefined {
  const realm = parameters.get('realm') ?? '';
  if (scheme.toLowerCase() === 'basic') return { scheme: 'Basic', realm };
  return scheme.toLowerCase() === 'digest' ? digestChallenge(realm, parameters) : undefined;
}

function digestChallenge(
  realm: string,
  parameters: ReadonlyMap<string, string>,
): Challenge | undefined {
  const nonce = parameters.get('nonce');
  const written = parameters.get('algorithm');
  const algorithm = written === undefined ? undefined : algorithmOf(written);
  if (nonce === undefined || (written !== undefined && algorithm === undefined)) return undefined;
  const qop = parameters
    .get('qop')
    ?.split(',')
    .map((one) => one.trim().toLowerCase());
  const opaque = parameters.get('opaque');
  const stale = parameters.get('stale')?.toLowerCase();
  return {
    scheme: 'Digest',
    realm,
    nonce,
    ...(algorithm !== undefined && { algorithm }),
    ...(qop !== undefined && { qop }),
    ...(opaque !== undefined && { opaque }),
    ...(stale !== undefined && { stale: stale === 'true' }),
  };
}

/** Which of several challenges is answered; another one where it is not offered. */
export type Preference = 'strongest' | 'digest-md5' | 'basic';

/** The preferred one of the challenges that we can answer, else the strongest: SHA-256, MD5, Basic. */
export function chooseChallenge(
  challenges: readonly Challenge[],
  preference: Preference = 'strongest',
): Challenge | undefined {
  const answerable = challenges.filter((one) => strength(one) > 0);
  const preferred = answerable.find((one) => strength(one) === STRENGTHS[preference]);
  return preferred ?? answerable.toSorted((a, b) => strength(b) - strength(a))[0];
}

const BASIC = 1;
const MD5 = 2;
const SHA_256 = 3;
const STRENGTHS: Readonly<Record<Preference, number>> = {
  strongest: SHA_256,
  'digest-md5': MD5,
  basic: BASIC,
};

function strength(challenge: Challenge): number {
  if (challenge.scheme === 'Basic') return BASIC;
  // auth-int alone would need the body in the hash, which nobody uses with RTSP.
  if (challenge.qop !== undefined && !challenge.qop.includes('auth')) return 0;
  return challenge.algorithm === 'SHA-256' ? SHA_256 : MD5;
}
