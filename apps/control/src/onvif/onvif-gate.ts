import type { IncomingMessage } from 'node:http';
import {
  parseBasic,
  isBasic,
  type AccessPolicy,
  type Logins,
  type Principal,
} from '@nightjar/access';
import { NightjarError } from '@nightjar/common';
import {
  notAuthorized,
  UsernameTokenVerifier,
  type AccessClass,
  type Gate,
  type UsernameToken,
} from '@nightjar/onvif';
import type { Authenticator } from '@nightjar/relay';
import { mayCall, type OnvifCaller } from './caller.js';

/** An HTTP request as Express hands it on. */
export type HttpRequest = IncomingMessage & {
  readonly originalUrl?: string;
  /** Of the client; behind a trusted proxy, as that one says. */
  readonly ip?: string | undefined;
  readonly secure?: boolean;
};

/**
 * Logins of ONVIF clients: HTTP Digest, Basic where the web API takes it, and UsernameToken. Users are those of the
 * configuration, and wrong passwords count as everywhere. ONVIF Core s.5.9.1.
 */
export class OnvifGate {
  private readonly tokens: UsernameTokenVerifier;

  constructor(
    private readonly parts: {
      readonly policy: AccessPolicy;
      readonly logins: Logins;
      readonly authenticator: Authenticator;
      /** Of a user whose password is kept as it is; others have no digest of UsernameToken. */
      readonly passwordOf: (username: string) => string | undefined;
      readonly now: () => number;
    },
  ) {
    this.tokens = new UsernameTokenVerifier(parts.now);
  }

  gateOf(request: HttpRequest): Gate<OnvifCaller> {
    return {
      nobody: undefined,
      identify: (token) => this.identify(request, token),
      allows: (caller: OnvifCaller, access: AccessClass) =>
        mayCall(this.parts.policy, caller, access),
    };
  }

  challenges({ ip = '', secure = false }: HttpRequest): string[] {
    return this.parts.authenticator.challenges({ peer: ip, secure }, false);
  }

  /** @throws NightjarError `unauthenticated`, `forbidden`, or `exhausted` for who has to wait */
  async identify(request: HttpRequest, token: UsernameToken | undefined): Promise<OnvifCaller> {
    const { policy, authenticator, logins } = this.parts;
    const { ip = '', headers, method = '', originalUrl, url = '', secure = false } = request;
    if (!policy.admits(ip))
      throw new NightjarError('forbidden', 'access/address', 'not from this address');
    if (!authenticator.required) return undefined;
    const header = headers.authorization;
    if (header === undefined && token === undefined)
      throw new NightjarError('unauthenticated', 'access/login-needed', 'login needed');
    if (header === undefined) return this.byToken(token as UsernameToken, ip);
    const basic = isBasic(header) ? parseBasic(header) : undefined;
    if (basic !== undefined) return logins.password('http', basic, ip);
    const uri = originalUrl ?? url;
    return authenticator.identify({ header, method, uri, peer: ip, secure });
  }

  private async byToken(token: UsernameToken, address: string): Promise<Principal> {
    const { logins, policy, passwordOf } = this.parts;
    const { username, password, kind } = token;
    if (kind === 'text') return logins.password('http', { username, password }, address);
    // Who has no digest here may have one of HTTP.
    if (policy.principal(username) !== undefined && passwordOf(username) === undefined)
      throw new NightjarError('unauthenticated', 'access/login-needed', 'log in by HTTP');
    logins.mayTry('http', username, address);
    const verdict = this.tokens.verify(token, passwordOf);
    if (verdict.ok && logins.countsFrom('http', username, address)) {
      logins.succeeded(username, address);
      const principal = policy.principal(username);
      if (principal !== undefined) return principal;
    }
    if (verdict.ok || verdict.reason === 'password') logins.failed('http', username, address);
    throw notAuthorized('wrong user name or password');
  }
}
