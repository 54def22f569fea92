import { createHash } from 'node:crypto';
import { NightjarError, type Clock } from '@nightjar/common';
import type { AccessPolicy } from '../access-policy.js';
import type { AuditSubject } from '../audit/audit-trail.js';
import { clientKey } from '../addresses/address.js';
import type { Principal } from '../principal.js';
import { verifyToken } from '../urls/signed-url.js';
import type { BasicLogin } from './basic.js';
import type { LoginRecord } from './login-record.js';
import { LoginThrottle, type ThrottleSettings } from './login-throttle.js';

/** Where somebody logs in; a metric label. */
export type LoginProtocol = 'rtsp' | 'http';
/** Why somebody was not let in; a metric label. */
export type LoginRefusal = 'password' | 'throttled' | 'address' | 'signature' | 'expired';

export interface LoginsOptions {
  readonly policy: AccessPolicy;
  readonly settings: () => ThrottleSettings;
  /** Signs URLs. */
  readonly urlKey: Buffer;
  readonly clock: Clock;
  /** Tells other processes. */
  readonly tell?: (record: LoginRecord) => void;
  readonly refused?: (protocol: LoginProtocol, reason: LoginRefusal) => void;
  /** A wrong password, or the one after which a client has to wait. */
  readonly noted?: (kind: 'login-failed' | 'login-throttled', subject: AuditSubject) => void;
  /** A client has to wait from now on. */
  readonly slowedDown?: (client: string, protocol: LoginProtocol) => void;
}

const USER_HASH_LENGTH = 16;

/** Who logs in from where, and whether it may try: the same for every protocol. */
export class Logins {
  private readonly throttle: LoginThrottle;

  constructor(private readonly options: LoginsOptions) {
    this.throttle = new LoginThrottle(options.settings);
  }

  /**
   * To be asked before a password is looked at.
   * @throws NightjarError 'exhausted' with `where.retryAfterSeconds` while this client has to wait
   */
  mayTry(protocol: LoginProtocol, username: string, address: string): void {
    const { clock } = this.options;
    const waitMs = this.throttle.waitMs(clientKey(address), userKey(username), clock.wallMs());
    if (waitMs === 0) return;
    this.options.refused?.(protocol, 'throttled');
    throw new NightjarError('exhausted', 'access/too-many-logins', 'too many wrong passwords', {
      retryAfterSeconds: Math.ceil(waitMs / 1000),
      // RTSP has no 429. A 503 would be taken for a fault of ours, a 401 for a reason to ask the user again.
      ...(protocol === 'rtsp' ? { status: 403 } : {}),
    });
  }

  failed(protocol: LoginProtocol, username: string, address: string): void {
    const record = this.record('failed', username, address);
    this.options.refused?.(protocol, 'password');
    // People type passwords into the field for their name: only names that exist are written down.
    const principal = this.options.policy.principal(username)?.name;
    this.options.noted?.('login-failed', { principal, address, protocol });
    if (this.throttle.failed(record.client, record.user, record.atMs)) {
      this.options.noted?.('login-throttled', { principal, address, protocol });
      this.options.slowedDown?.(record.client, protocol);
    }
    this.options.tell?.(record);
  }

  succeeded(username: string, address: string): void {
    const record = this.record('succeeded', username, address);
    if (this.throttle.succeeded(record.client, record.user, record.atMs))
      this.options.tell?.(record);
  }

  /** What another process told. What it dates into the future counts as now. */
  heard({ kind, client, user, atMs }: LoginRecord): void {
    this.throttle[kind](client, user, Math.min(atMs, this.options.clock.wallMs()));
  }

  /**
   * Whether the right password of this user counts from this address. Where it does not, the answer is that of a wrong
   * one, so that nobody learns the password elsewhere.
   */
  countsFrom(protocol: LoginProtocol, username: string, address: string): boolean {
    const allowed = this.options.policy.mayComeFrom(username, address);
    if (!allowed) this.options.refused?.(protocol, 'address');
    return allowed;
  }

  /**
   * User and password.
   * @param known name of a user who need not wait: it has logged in on this connection
   * @throws NightjarError 'unauthenticated', or 'exhausted' when this client has to wait
   */
  async password(
    protocol: LoginProtocol,
    { username, password }: BasicLogin,
    address: string,
    known?: string,
  ): Promise<Principal> {
    if (username !== known) this.mayTry(protocol, username, address);
    const principal = await this.options.policy.verifyPassword(username, password);
    if (principal === undefined || !this.countsFrom(protocol, username, address)) {
      this.failed(protocol, username, address);
      throw new NightjarError('unauthenticated', 'access/login', 'wrong user name or password');
    }
    this.succeeded(username, address);
    return principal;
  }

  /**
   * The token of a signed URL.
   * @throws NightjarError 'unauthenticated'
   */
  token(protocol: LoginProtocol, token: string, address: string): Principal {
    const { urlKey: key, clock } = this.options;
    const verdict = verifyToken(token, { key, nowMs: clock.wallMs(), address });
    if (verdict.ok) return verdict.principal;
    const reason = REFUSAL_OF_TOKEN[verdict.reason];
    this.options.refused?.(protocol, reason);
    const message = reason === 'expired' ? 'this address has expired' : 'this address is not valid';
    throw new NightjarError('unauthenticated', 'access/signed-url', message);
  }

  private record(kind: LoginRecord['kind'], username: string, address: string): LoginRecord {
    const atMs = this.options.clock.wallMs();
    return { kind, atMs, client: clientKey(address), user: userKey(username) };
  }
}

const REFUSAL_OF_TOKEN = {
  forged: 'signature',
  expired: 'expired',
  elsewhere: 'address',
} as const satisfies Record<string, LoginRefusal>;

function userKey(username: string): string {
  return createHash('sha256').update(username).digest('hex').slice(0, USER_HASH_LENGTH);
}
