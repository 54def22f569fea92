import { randomBytes } from 'node:crypto';
import type { AddressRange, PasswordHash, UserConfig } from '@nightjar/config';
import type { DigestAlgorithm } from '@nightjar/rtsp';
import { AllowList } from './addresses/address.js';
import { KeptPassword, MAX_PASSWORD_LENGTH, ScryptDesk } from './passwords/password-check.js';
import { isInside, type FootageSpan } from './footage-span.js';
import type { Principal } from './principal.js';
import { Rights, type Action } from './rights.js';

/** `authenticate`: the answer may be another one after a login. */
export type Decision = 'allow' | 'forbid' | 'authenticate';

/** What the decisions follow from. */
export interface AccessRules {
  readonly users: Readonly<Record<string, UserConfig>>;
  /** By name; only their groups matter. */
  readonly cameras?: Readonly<Record<string, { readonly group: string | undefined }>>;
  /** Addresses that may come at all; undefined = all. */
  readonly allowFrom?: readonly AddressRange[] | undefined;
}

interface Account {
  readonly principal: Principal;
  readonly password: KeptPassword;
  readonly rights: Rights;
  readonly allowed: AllowList;
}

/** The one place that decides access: principal x action x camera. Holds no plain password. */
export class AccessPolicy {
  private accounts: ReadonlyMap<string, Account> = new Map();
  private groups: ReadonlyMap<string, string> = new Map();
  private allowed = new AllowList(undefined);
  private readonly desk = new ScryptDesk();
  private slowest: KeptPassword['scrypt'];
  /** Takes as long to refuse as the slowest user; undefined while all are fast. */
  private decoy: KeptPassword | undefined;
  private readonly now: () => number;

  /** @param now Unix epoch in milliseconds */
  constructor(users: Readonly<Record<string, UserConfig>>, now: () => number = Date.now) {
    this.now = now;
    this.update({ users });
  }

  /** Puts other rules in force at once, also for principals given out before. */
  update({ users, cameras = {}, allowFrom }: AccessRules): void {
    this.accounts = new Map(
      Object.entries(users).map(([name, user]) => [name, accountOf(name, user)]),
    );
    this.groups = new Map(
      Object.entries(cameras).flatMap(([name, { group }]) =>
        group === undefined ? [] : [[name, group]],
      ),
    );
    this.allowed = new AllowList(allowFrom);
    this.slowest = [...this.accounts.values()].find(({ password }) => password.scrypt !== undefined)
      ?.password.scrypt;
    this.decoy = this.slowest && new KeptPassword('', decoyOf(this.slowest));
  }

  /** Everybody may watch because no user is configured. */
  get anonymousAllowed(): boolean {
    return this.accounts.size === 0;
  }

  /** Whether somebody can log in only by telling the password. */
  get needsPasswords(): boolean {
    return this.slowest !== undefined;
  }

  /** Whether this address may talk to us at all. */
  admits(address: string): boolean {
    return this.allowed.allows(address);
  }

  /** Whether this user may come from this address. An unknown user may, to be refused like a wrong password. */
  mayComeFrom(username: string, address: string): boolean {
    return this.accounts.get(username)?.allowed.allows(address) ?? true;
  }

  /** HA1 of RFC 7616 s.3.4.2 for {@link REALM}; undefined for an unknown user, and for one whose password is kept as scrypt. */
  ha1Of(username: string, algorithm: DigestAlgorithm): string | undefined {
    return this.accounts.get(username)?.password.ha1Of(algorithm);
  }

  principal(username: string): Principal | undefined {
    return this.accounts.get(username)?.principal;
  }

  /**
   * In a time that depends neither on the password nor on whether the user exists.
   * @throws NightjarError 'exhausted' when too many logins wait for their turn
   */
  async verifyPassword(username: string, password: string): Promise<Principal | undefined> {
    if (password.length > MAX_PASSWORD_LENGTH) return undefined;
    const account = this.accounts.get(username);
    const fast = (account?.password ?? NOBODY).matchesHa1(password);
    if (fast === true) return account?.principal;
    // Whoever is refused waits as long as the slowest.
    const slow = fast === undefined ? account?.password : this.decoy;
    const matches = slow !== undefined && (await this.desk.matches(slow, password));
    return fast === undefined && matches ? account?.principal : undefined;
  }

  /**
   * A user counts by its name only: what it may do is looked up anew, so that a session ends with the right that began
   * it. A signed URL lends the rights of who made it. `camera` undefined asks about no camera in particular, such as a
   * list that is filtered afterwards.
   * @param span the footage that is asked for; without it nothing is allowed that is bound to some
   */
  decide(
    principal: Principal | undefined,
    action: Action,
    camera: string | undefined,
    span?: FootageSpan,
  ): Decision {
    const { url } = principal ?? {};
    if (url !== undefined) {
      if (this.now() >= url.expiresAtMs) return 'authenticate';
      if (action !== url.action || camera !== url.camera) return 'forbid';
      if (url.span !== undefined && (span === undefined || !isInside(span, url.span)))
        return 'forbid';
      const issuer = url.issuer === undefined ? undefined : this.accounts.get(url.issuer);
      if (url.issuer === undefined) return 'allow';
      return issuer?.rights.allow(action, camera, this.groups.get(camera)) === true
        ? 'allow'
        : 'authenticate';
    }
    if (this.anonymousAllowed)
      return action === 'view' || action === 'playback' ? 'allow' : 'forbid';
    const account = principal && this.accounts.get(principal.name);
    if (account === undefined) return 'authenticate';
    const group = camera === undefined ? undefined : this.groups.get(camera);
    return account.rights.allow(action, camera, group) ? 'allow' : 'forbid';
  }
}

/** An account without a password that fits. */
const NOBODY = new KeptPassword('', { password: randomBytes(32).toString('hex') });

function decoyOf(scrypt: Extract<PasswordHash, { kind: 'scrypt' }>) {
  return {
    passwordHashes: [{ ...scrypt, hash: randomBytes(scrypt.hash.length) }],
  };
}

function accountOf(name: string, user: UserConfig): Account {
  return {
    principal: { name },
    password: new KeptPassword(name, user),
    rights: new Rights(user),
    allowed: new AllowList(user.allowFrom),
  };
}
