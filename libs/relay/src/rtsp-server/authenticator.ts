import {
  isBasic,
  parseBasic,
  TOKEN_PARAMETER,
  type AccessPolicy,
  type LoginProtocol,
  type Logins,
  type Principal,
} from '@nightjar/access';
import { NightjarError } from '@nightjar/common';
import { DigestVerifier, parseAuthGroups } from '@nightjar/rtsp';

/** What a login is judged by. */
export interface LoginRequest {
  /** Value of Authorization. */
  readonly header: string | undefined;
  readonly method: string;
  readonly uri: string;
  /** Address of the client. */
  readonly peer: string;
  /** Whether it comes through TLS. */
  readonly secure: boolean;
  /** What it came on, where logins are for one connection each. */
  readonly connection?: object | undefined;
  /** Name of the user who has logged in on this connection before: it need not wait because of others' failures. */
  readonly known?: string | undefined;
}

/** Decides who sends a request. */
export interface Authenticator {
  /** Whether an anonymous client can do nothing here. */
  readonly required: boolean;
  /**
   * @returns the principal, or undefined for an anonymous request
   * @throws NightjarError 'unauthenticated' when credentials are there but wrong or stale; `where.stale` is 1 for stale.
   *   'exhausted' with `where.retryAfterSeconds` for a client that must wait before it may try again
   */
  identify(request: LoginRequest): Principal | undefined | Promise<Principal>;
  /** Values of WWW-Authenticate for a 401, strongest first. */
  challenges(client: Pick<LoginRequest, 'peer' | 'secure'>, stale: boolean): string[];
}

export interface UserAuthenticatorOptions {
  readonly realm: string;
  /** Where its users log in; default `rtsp`. */
  readonly protocol?: LoginProtocol;
  /** Unix epoch in milliseconds. */
  readonly now: () => number;
  /** Slows guessing down and reads signed URLs; absent: neither. */
  readonly logins?: Logins | undefined;
}

/**
 * Digest against the users of the configuration (RFC 7616), inside TLS Basic (RFC 7617) for those whose password is kept
 * as scrypt, and signed URLs, which need no login.
 */
export class UserAuthenticator implements Authenticator {
  private readonly verifier: DigestVerifier;
  private readonly protocol: LoginProtocol;

  constructor(
    private readonly policy: AccessPolicy,
    private readonly options: UserAuthenticatorOptions,
  ) {
    this.verifier = new DigestVerifier(options);
    this.protocol = options.protocol ?? 'rtsp';
  }

  get required(): boolean {
    return !this.policy.anonymousAllowed;
  }

  identify(request: LoginRequest): Principal | undefined | Promise<Principal> {
    const { header, uri, peer, secure, known } = request;
    const { logins } = this.options;
    const token = logins && tokenOf(uri);
    if (token !== undefined) return logins?.token(this.protocol, token, peer);
    if (header === undefined || !this.required) return undefined;
    if (secure && logins !== undefined && isBasic(header)) {
      const login = parseBasic(header);
      if (login === undefined)
        throw new NightjarError('unauthenticated', 'rtsp/login', 'not a login by Basic');
      return logins.password(this.protocol, login, peer, known);
    }
    return this.byDigest(request, header);
  }

  challenges({ peer, secure }: Pick<LoginRequest, 'peer' | 'secure'>, stale: boolean): string[] {
    // field: players that are offered Digest try nothing else, and it is of no use to users kept as scrypt.
    if (secure && this.policy.needsPasswords)
      return [`Basic realm="${this.options.realm}", charset="UTF-8"`];
    return this.verifier.challenges(peer, stale);
  }

  private byDigest(
    { method, uri, peer, connection, known }: LoginRequest,
    header: string,
  ): Principal | undefined {
    const { logins } = this.options;
    const username = parseAuthGroups(header)[0]?.parameters.get('username') ?? '';
    if (username !== known) logins?.mayTry(this.protocol, username, peer);
    const result = this.verifier.verify({
      header,
      method,
      uri,
      peer,
      connection,
      secretOf: (name, algorithm) => this.policy.ha1Of(name, algorithm),
    });
    if (result.ok && (logins?.countsFrom(this.protocol, result.username, peer) ?? true)) {
      logins?.succeeded(result.username, peer);
      return this.policy.principal(result.username);
    }
    const reason = result.ok ? 'wrong-password' : result.reason;
    if (reason === 'wrong-password' || reason === 'unknown-user')
      logins?.failed(this.protocol, username, peer);
    throw new NightjarError('unauthenticated', 'rtsp/login', `login refused: ${reason}`, {
      // A repeated nonce count with the right password is a client that lost count: it may try again.
      stale: reason === 'stale' || reason === 'replay' ? 1 : 0,
    });
  }
}

const TOKEN = new RegExp(`[?&]${TOKEN_PARAMETER}=([^&#/]*)`);

/** Clients join track names to a URL in many ways; a token has no character that they use for that. */
function tokenOf(uri: string): string | undefined {
  return TOKEN.exec(uri)?.[1];
}
