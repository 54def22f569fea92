import { randomBytes } from 'node:crypto';
import { quote } from './auth-parameters.js';
import { chooseChallenge, type Challenge, type Preference } from './challenge.js';
import { digestResponse, ha1 } from './digest.js';

const CNONCE_BYTES = 16;

/** What is remembered of an account beyond one connection. */
export interface LoginHistory {
  /** The server asked for Digest once: from then on it is not told the password itself. */
  digest: boolean;
}

export interface AuthorizerOptions {
  /** Which of several challenges is answered; absent: the strongest. */
  readonly preference?: Preference | undefined;
  /** Absent: of this connection alone. */
  readonly history?: LoginHistory | undefined;
  readonly makeCnonce?: () => string;
}

/** Answers the challenges of one server, as of one connection. RFC 7616 s.3.4, RFC 7617. */
export class ClientAuthorizer {
  private challenge: Challenge | undefined;
  private requests = 0;
  private readonly preference: Preference;
  private readonly history: LoginHistory;
  private readonly makeCnonce: () => string;

  constructor(
    private readonly credentials: { readonly username: string; readonly password: string },
    options: AuthorizerOptions = {},
  ) {
    this.preference = options.preference ?? 'strongest';
    this.history = options.history ?? { digest: false };
    this.makeCnonce = options.makeCnonce ?? (() => randomBytes(CNONCE_BYTES).toString('hex'));
  }

  /**
   * Takes the challenges of a 401. False when none of them can be answered, or when who asked for Digest before now asks for
   * the password itself, which nobody preferred.
   */
  challenged(challenges: readonly Challenge[]): boolean {
    const chosen = chooseChallenge(challenges, this.preference);
    if (chosen === undefined) return false;
    const downgraded = chosen.scheme === 'Basic' && this.history.digest;
    if (downgraded && this.preference !== 'basic') return false;
    if (chosen.scheme === 'Digest') this.history.digest = true;
    if (chosen.nonce !== this.challenge?.nonce) this.requests = 0;
    this.challenge = chosen;
    return true;
  }

  /**
   * Authorization header for the next request, undefined before the first challenge. Each call counts
   * as one request (`nc`); `uri` is the Request-URI without userinfo.
   */
  authorization(method: string, uri: string): string | undefined {
    const { challenge } = this;
    if (challenge === undefined) return undefined;
    if (challenge.scheme === 'Digest') return this.digest(challenge, method, uri);
    const { username, password } = this.credentials;
    return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
  }

  private digest(challenge: Challenge, method: string, uri: string): string {
    const { username, password } = this.credentials;
    const { realm, nonce = '', algorithm = 'MD5', opaque } = challenge;
    this.requests += 1;
    const qop =
      challenge.qop === undefined
        ? undefined
        : {
            value: 'auth',
            nc: this.requests.toString(16).padStart(8, '0'),
            cnonce: this.makeCnonce(),
          };
    const response = digestResponse(ha1(username, realm, password, algorithm), {
      algorithm,
      nonce,
      method,
      uri,
      ...(qop && { qop }),
    });
    const parts = [
      `username=${quote(username)}`,
      `realm=${quote(realm)}`,
      `nonce=${quote(nonce)}`,
      `uri=${quote(uri)}`,
      `response="${response}"`,
    ];
    if (challenge.algorithm !== undefined) parts.push(`algorithm=${challenge.algorithm}`);
    if (opaque !== undefined) parts.push(`opaque=${quote(opaque)}`);
    if (qop !== undefined) parts.push(`qop=auth, nc=${qop.nc}, cnonce=${quote(qop.cnonce)}`);
    return `Digest ${parts.join(', ')}`;
  }
}
