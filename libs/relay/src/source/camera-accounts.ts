import { createHash } from 'node:crypto';
import type { Clock, MonotonicMs } from '@nightjar/common';
import type { LoginHistory } from '@nightjar/rtsp';

/** What to do when a camera refuses a login. */
export interface UnauthorizedPolicy {
  /** Refusals in a row after which the account is left alone. */
  readonly tries: number;
  /** Before the second try; doubles with each further one. */
  readonly pauseMs: number;
  /** Between tries from then on; undefined: none until the credentials change. */
  readonly afterwardsMs: number | undefined;
}

/** Fewer than any camera that is known takes to lock an account. */
export const DEFAULT_UNAUTHORIZED: UnauthorizedPolicy = {
  tries: 3,
  pauseMs: 60_000,
  afterwardsMs: undefined,
};

/** Accounts that are remembered; the one that was asked for longest ago goes first. */
const MAX_ACCOUNTS = 10_000;

interface Refused {
  readonly count: number;
  readonly notBeforeMs: MonotonicMs | typeof NEVER;
}

/** No further try. */
export const NEVER = Infinity;

/**
 * How often the accounts at cameras refused us, over all streams of a camera and over sources that come and go: what
 * locks an account is the sum of all failed logins. Other credentials are another account, and are tried at once.
 */
export class CameraAccounts {
  private readonly refused = new Map<string, Refused>();
  private readonly histories = new Map<string, LoginHistory>();

  constructor(private readonly clock: Clock) {}

  /** Names an account without telling its password. */
  static keyOf(
    host: string,
    credentials: { readonly username: string; readonly password: string } | undefined,
  ): string {
    return createHash('sha256')
      .update(JSON.stringify([host, credentials?.username, credentials?.password]))
      .digest('base64');
  }

  /** Milliseconds until the account may be tried; 0: now, {@link NEVER}: not any more. */
  waitMs(account: string): number {
    const { notBeforeMs } = this.refused.get(account) ?? {};
    if (notBeforeMs === undefined) return 0;
    return Math.max(0, notBeforeMs - this.clock.monotonicMs());
  }

  /** How often in a row it was refused. */
  refusals(account: string): number {
    return this.refused.get(account)?.count ?? 0;
  }

  /** The camera refused the account. Returns how long it is left alone. */
  wasRefused(account: string, policy: UnauthorizedPolicy): number {
    const count = (this.refused.get(account)?.count ?? 0) + 1;
    const pauseMs =
      count < policy.tries ? policy.pauseMs * 2 ** (count - 1) : (policy.afterwardsMs ?? NEVER);
    const notBeforeMs = (this.clock.monotonicMs() + pauseMs) as MonotonicMs;
    keep(this.refused, account, { count, notBeforeMs });
    return pauseMs;
  }

  wasAccepted(account: string): void {
    this.refused.delete(account);
  }

  /** How the account has logged in up to now, to be kept up to date by who logs in. */
  historyOf(account: string): LoginHistory {
    const history = this.histories.get(account) ?? { digest: false };
    keep(this.histories, account, history);
    return history;
  }
}

/** As the newest of a bounded number. */
function keep<Value>(accounts: Map<string, Value>, account: string, value: Value): void {
  accounts.delete(account);
  accounts.set(account, value);
  for (const oldest of accounts.keys()) {
    if (accounts.size <= MAX_ACCOUNTS) break;
    accounts.delete(oldest);
  }
}
