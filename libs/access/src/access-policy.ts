import { createHash, timingSafeEqual } from 'node:crypto';
import type { UserConfig } from '@nightjar/config';
import { ha1, type DigestAlgorithm } from '@nightjar/rtsp';

/** Realm of every login, RTSP and HTTP alike; part of each stored HA1. */
export const REALM = 'nightjar';

/** Who asks, once proven. */
export interface Principal {
  readonly name: string;
  readonly role: 'admin' | 'viewer';
  /** Names of the cameras it may see; undefined = all. */
  readonly cameras: readonly string[] | undefined;
}

/** `publish` a stream, `talk` to a camera; `control`: say when it is recorded, and report events of it. */
export type Action = 'view' | 'playback' | 'publish' | 'talk' | 'control' | 'admin';
/** `authenticate`: the answer may be another one after a login. */
export type Decision = 'allow' | 'forbid' | 'authenticate';

interface Account {
  readonly principal: Principal;
  readonly passwordHash: Buffer;
  readonly ha1: Readonly<Record<DigestAlgorithm, string>>;
}

/** The one place that decides access: principal x action x camera. Holds no plain password. */
export class AccessPolicy {
  private accounts: ReadonlyMap<string, Account> = new Map();

  constructor(users: Readonly<Record<string, UserConfig>>) {
    this.update(users);
  }

  /** Puts other users in force at once, also for principals given out before. */
  update(users: Readonly<Record<string, UserConfig>>): void {
    this.accounts = new Map(
      Object.entries(users).map(([name, user]) => [name, accountOf(name, user)]),
    );
  }

  /** Everybody may watch because no user is configured. */
  get anonymousAllowed(): boolean {
    return this.accounts.size === 0;
  }

  /** HA1 of RFC 7616 s.3.4.2 for {@link REALM}; undefined for an unknown user. */
  ha1Of(username: string, algorithm: DigestAlgorithm): string | undefined {
    return this.accounts.get(username)?.ha1[algorithm];
  }

  principal(username: string): Principal | undefined {
    return this.accounts.get(username)?.principal;
  }

  /** In a time that depends neither on the password nor on whether the user exists. */
  verifyPassword(username: string, password: string): Principal | undefined {
    const account = this.accounts.get(username);
    const matches = timingSafeEqual(hash(password), account?.passwordHash ?? NO_PASSWORD);
    return matches ? account?.principal : undefined;
  }

  /**
   * A principal counts by its name only: what it may do is looked up anew, so that a session ends with the right that
   * began it. `camera` undefined asks about no camera in particular, such as a list that is filtered afterwards.
   */
  decide(principal: Principal | undefined, action: Action, camera: string | undefined): Decision {
    const isForAdmins = action !== 'view' && action !== 'playback';
    if (this.anonymousAllowed) return isForAdmins ? 'forbid' : 'allow';
    const current = principal && this.principal(principal.name);
    if (current === undefined) return 'authenticate';
    if (current.role === 'admin') return 'allow';
    if (isForAdmins) return 'forbid';
    const visible = camera === undefined || (current.cameras?.includes(camera) ?? true);
    return visible ? 'allow' : 'forbid';
  }
}

/** No password hashes to this. */
const NO_PASSWORD = Buffer.alloc(32);

function accountOf(name: string, user: UserConfig): Account {
  return {
    principal: { name, role: user.role, cameras: user.role === 'admin' ? undefined : user.cameras },
    passwordHash: hash(user.password),
    ha1: {
      MD5: ha1(name, REALM, user.password, 'MD5'),
      'SHA-256': ha1(name, REALM, user.password, 'SHA-256'),
    },
  };
}

function hash(password: string): Buffer {
  return createHash('sha256').update(password).digest();
}
