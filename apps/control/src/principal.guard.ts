import { HttpException } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { AccessPolicy, Principal } from '@nightjar/access';

/** The part of a request that the guard reads and writes. */
export interface AuthenticatedRequest {
  readonly headers: { readonly authorization?: string };
  /** Undefined: nobody logged in, which is fine while no user is configured. */
  principal?: Principal;
}

/** Who asks, by HTTP Basic (RFC 7617). A wrong password is refused here; what a principal may do is decided per route. */
export class PrincipalGuard implements CanActivate {
  constructor(private readonly policy: AccessPolicy) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const header = request.headers.authorization;
    if (header !== undefined) {
      const login = parseBasic(header);
      const principal = login && this.policy.verifyPassword(login.username, login.password);
      if (principal !== undefined) request.principal = principal;
      else if (!this.policy.anonymousAllowed)
        throw new HttpException('wrong user name or password', 401);
    }
    return true;
  }
}

/** Who is written down for what was done. Only administrators do what is written down, and they have a name. */
export function nameOf(principal: Principal | undefined): string {
  return principal?.name ?? 'nobody';
}

/** Undefined for any other scheme and for what is not base64 of `user:password`. */
export function parseBasic(header: string): { username: string; password: string } | undefined {
  const encoded = /^basic +([a-z0-9+/]+=*)$/i.exec(header.trim())?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0
    ? undefined
    : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
