import { timingSafeEqual } from 'node:crypto';
import { parseAuthGroups, quote } from './auth-parameters.js';
import { algorithmOf, type DigestAlgorithm } from './challenge.js';
import { digestResponse, type DigestInput } from './digest.js';
import { digestUriMatches } from './digest-uri.js';
import { NonceCounts } from './nonce-counts.js';
import { NonceIssuer } from './nonces.js';

const DEFAULT_NONCE_LIFETIME_MS = 5 * 60_000;
const HEX = /^[0-9a-f]+$/i;
const NC = /^[0-9a-f]{8}$/i;
/** Stands in for the secret of an unknown user, so that it takes the same time to refuse. */
const NOBODY = 'ffffffffffffffffffffffffffffffff';

/**
 * Why a request was not let in. `stale`, `missing` and `malformed` are no failed log-ins; answer `stale`
 * with `challenges(peer, true)`: the password was right.
 */
export type DigestRefusal =
  'missing' | 'malformed' | 'stale' | 'unknown-user' | 'wrong-password' | 'uri' | 'replay';

export type DigestVerdict =
  | { readonly ok: true; readonly username: string }
  | { readonly ok: false; readonly reason: DigestRefusal };

/** Fields of an Authorization header that are well-formed. */
interface Credentials {
  readonly username: string;
  readonly response: string;
  readonly input: DigestInput;
}

/** Issues Digest challenges and checks the answers. RFC 7616; without qop also RFC 2069. */
export class DigestVerifier {
  private readonly realm: string;
  private readonly now: () => number;
  private readonly nonceLifetimeMs: number;
  private readonly nonces = new NonceIssuer();
  private readonly counts = new NonceCounts();

  /** `now` gives epoch ms; a nonce lives 5 minutes unless said otherwise. */
  constructor(options: {
    readonly realm: string;
    readonly now: () => number;
    readonly nonceLifetimeMs?: number;
  }) {
    this.realm = options.realm;
    this.now = options.now;
    this.nonceLifetimeMs = options.nonceLifetimeMs ?? DEFAULT_NONCE_LIFETIME_MS;
  }

  /**
   * Values of the WWW-Authenticate headers for this peer address: SHA-256 first, MD5 last, for old
   * clients take the last one. `stale` tells the client to retry without asking its user.
   */
  challenges(peer: string, stale = false): string[] {
    const nonce = this.nonces.issue(peer, this.now());
    // live555 scans for realm, nonce and stale in this order and stops at anything else.
    const start = `Digest realm=${quote(this.realm)}, nonce="${nonce}"${stale ? ', stale=true' : ''}`;
    return ['SHA-256', 'MD5'].map((algorithm) => `${start}, algorithm=${algorithm}, qop="auth"`);
  }

  /** Checks an Authorization header; `secretOf` gives H(A1), see `ha1`. Never throws. */
  verify(request: {
    readonly header: string;
    readonly method: string;
    readonly uri: string;
    /** Address that the nonce was issued to. */
    readonly peer: string;
    /** What it came on. A login without qop is good on the first alone; absent: on any. */
    readonly connection?: object | undefined;
    readonly secretOf: (username: string, algorithm: DigestAlgorithm) => string | undefined;
  }): DigestVerdict {
    const credentials = this.read(request.header, request.method);
    if (typeof credentials === 'string') return refuse(credentials);
    const { username, input } = credentials;
    if (!digestUriMatches(input.uri, request.method, request.uri)) return refuse('uri');
    const secret = request.secretOf(username, input.algorithm);
    const right = equalHex(digestResponse(secret ?? NOBODY, input), credentials.response);
    if (secret === undefined) return refuse('unknown-user');
    if (!right) return refuse('wrong-password');
    return this.checkNonce(input, request) ?? { ok: true, username };
  }

  private read(header: string, method: string): Credentials | 'missing' | 'malformed' {
    const group = parseAuthGroups(header)[0];
    if (group?.scheme.toLowerCase() !== 'digest') return 'missing';
    const field = (name: string): string => group.parameters.get(name) ?? '';
    const algorithm = algorithmOf(group.parameters.get('algorithm') ?? 'MD5');
    const [username, nonce, uri] = [field('username'), field('nonce'), field('uri')];
    const complete = username !== '' && nonce !== '' && uri !== '' && HEX.test(field('response'));
    if (!complete || algorithm === undefined || field('realm') !== this.realm) return 'malformed';
    const input = { algorithm, nonce, uri, method };
    const response = field('response');
    if (field('qop') === '') return { username, response, input };
    const qop = { value: field('qop'), nc: field('nc'), cnonce: field('cnonce') };
    if (qop.value !== 'auth' || !NC.test(qop.nc) || qop.cnonce === '') return 'malformed';
    return { username, response, input: { ...input, qop } };
  }

  private checkNonce(
    { nonce, qop }: DigestInput,
    { peer, connection }: { readonly peer: string; readonly connection?: object | undefined },
  ): DigestVerdict | undefined {
    const issuedAtMs = this.nonces.issuedAt(nonce, peer);
    if (issuedAtMs === undefined) return refuse('stale');
    const ageMs = this.now() - issuedAtMs;
    if (ageMs > this.nonceLifetimeMs) return refuse('stale');
    if (qop === undefined && connection === undefined) return undefined;
    const use =
      qop === undefined
        ? this.counts.hold(nonce, issuedAtMs, connection!)
        : this.counts.use(nonce, issuedAtMs, Number.parseInt(qop.nc, 16));
    if (use === 'fresh') return undefined;
    return refuse(use === 'replay' ? 'replay' : 'stale');
  }
}

function refuse(reason: DigestRefusal): DigestVerdict {
  return { ok: false, reason };
}

/** Constant in time for equal lengths, which are no secret. */
function equalHex(expected: string, given: string): boolean {
  const a = Buffer.from(expected, 'latin1');
  const b = Buffer.from(given.toLowerCase(), 'latin1');
  return a.length === b.length && timingSafeEqual(a, b);
}
