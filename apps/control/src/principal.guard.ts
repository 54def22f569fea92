import type { CanActivate, ExecutionContext } from '@nestjs/common';
import {
  parseBasic,
  TOKEN_PARAMETER,
  type AccessPolicy,
  type Logins,
  type Principal,
} from '@nightjar/access';
import { NightjarError } from '@nightjar/common';

/** The part of a request that the guard reads and writes. */
export interface AuthenticatedRequest {
  readonly headers: { readonly authorization?: string };
  /** Of the client; behind a trusted proxy, as that one says. */
  readonly ip?: string | undefined;
  readonly url: string;
  /** Parsed query; whoever reads parameters does it with a schema. */
  readonly query: Record<string, unknown>;
  /** Undefined: nobody logged in, which is fine while no user is configured. */
  principal?: Principal;
}

/**
 * Who asks, by HTTP Basic (RFC 7617) or the token of a signed URL. A wrong password is refused here; what a principal may
 * do is decided per route.
 */
export class PrincipalGuard implements CanActivate {
  constructor(
    private readonly policy: AccessPolicy,
    private readonly logins: Logins,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const address = request.ip ?? '';
    if (!this.policy.admits(address))
      throw new NightjarError('forbidden', 'access/address', 'not from this address');
    const token = request.query[TOKEN_PARAMETER];
    const { authorization } = request.headers;
    if (typeof token === 'string') request.principal = this.logins.token('http', token, address);
    else if (authorization !== undefined && !this.policy.anonymousAllowed) {
      const login = parseBasic(authorization);
      if (login === undefined)
        throw new NightjarError('unauthenticated', 'access/login', 'not a login by HTTP Basic');
      request.principal = await this.logins.password('http', login, address);
    }
    return true;
  }
}

/** Who is written down for what was done. Only administrators do what is written down, and they have a name. */
export function nameOf(principal: Principal | undefined): string {
  return principal?.name ?? 'nobody';
}
