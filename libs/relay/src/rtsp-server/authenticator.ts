import type { AccessPolicy, Principal } from '@nightjar/access';
import { NightjarError } from '@nightjar/common';
import { DigestVerifier } from '@nightjar/rtsp';

/** Decides who sends a request. */
export interface Authenticator {
  /** Whether an anonymous client can do nothing here. */
  readonly required: boolean;
  /**
   * @param header value of Authorization
   * @returns the principal, or undefined for an anonymous request
   * @throws NightjarError 'unauthenticated' when credentials are there but wrong or stale; `where.stale` is 1 for stale
   */
  identify(request: {
    header: string | undefined;
    method: string;
    uri: string;
    peer: string;
  }): Principal | undefined;
  /** Values of WWW-Authenticate for a 401, strongest first. */
  challenges(peer: string, stale: boolean): string[];
}

/** Digest against the users of the configuration (RFC 7616), the only scheme offered on an unencrypted port. */
export class DigestAuthenticator implements Authenticator {
  private readonly verifier: DigestVerifier;

  constructor(
    private readonly policy: AccessPolicy,
    options: { readonly realm: string; readonly now: () => number },
  ) {
    this.verifier = new DigestVerifier(options);
  }

  get required(): boolean {
    return !this.policy.anonymousAllowed;
  }

  identify(request: {
    header: string | undefined;
    method: string;
    uri: string;
    peer: string;
  }): Principal | undefined {
    if (request.header === undefined) return undefined;
    const result = this.verifier.verify({
      header: request.header,
      method: request.method,
      uri: request.uri,
      peer: request.peer,
      secretOf: (username, algorithm) => this.policy.ha1Of(username, algorithm),
    });
    if (result.ok) return this.policy.principal(result.username);
    throw new NightjarError('unauthenticated', 'rtsp/login', `login refused: ${result.reason}`, {
      // A repeated nonce count with the right password is a client that lost count: it may try again.
      stale: result.reason === 'stale' || result.reason === 'replay' ? 1 : 0,
    });
  }

  challenges(peer: string, stale: boolean): string[] {
    return this.verifier.challenges(peer, stale);
  }
}
