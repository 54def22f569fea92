import { createHash, createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { NightjarError } from '@nightjar/common';
import type { PasswordHash } from '@nightjar/config';
import { ha1, type DigestAlgorithm } from '@nightjar/rtsp';
import { REALM } from '../realm.js';

type Scrypt = Extract<PasswordHash, { kind: 'scrypt' }>;
const derive = promisify<string, Buffer, number, object, Buffer>(scrypt);

/** What {@link hashPassword} makes: 32 MiB and about 0.1 s for each guess. RFC 7914 s.2. */
const COST = { logCost: 15, blockSize: 8, parallelism: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Memory that scrypt takes is 128 x N x r bytes and a little. */
const MEMORY_SLACK_BYTES = 1024 * 1024;
/** More log-ins that wait for scrypt are turned away: each takes 32 MiB and a core. */
const MAX_WAITING = 32;
const MAX_REMEMBERED = 256;
/** A password above this is no password; it would only cost time. */
export const MAX_PASSWORD_LENGTH = 1024;

/** HA1 of both algorithms, or scrypt, of a new password. */
export async function hashPassword(
  username: string,
  password: string,
  kind: 'ha1' | 'scrypt',
): Promise<readonly PasswordHash[]> {
  if (kind === 'ha1')
    return (['MD5', 'SHA-256'] as const).map((algorithm) => ({
      kind: 'ha1',
      algorithm,
      hex: ha1(username, REALM, password, algorithm),
    }));
  const salt = randomBytes(SALT_BYTES);
  const empty: Scrypt = { kind: 'scrypt', ...COST, salt, hash: Buffer.alloc(HASH_BYTES) };
  return [{ ...empty, hash: await scryptOf(password, empty) }];
}

function scryptOf(password: string, { logCost, blockSize, parallelism, salt, hash }: Scrypt) {
  const N = 2 ** logCost;
  const maxmem = 128 * N * blockSize * parallelism + MEMORY_SLACK_BYTES;
  return derive(password, salt, hash.length, { N, r: blockSize, p: parallelism, maxmem });
}

/** What is kept of one user's password. */
export class KeptPassword {
  private readonly ha1: Readonly<Partial<Record<DigestAlgorithm, string>>>;
  readonly scrypt: Scrypt | undefined;

  constructor(
    private readonly username: string,
    user: {
      readonly password?: string | undefined;
      readonly passwordHashes?: readonly PasswordHash[] | undefined;
    },
  ) {
    const { password, passwordHashes = [] } = user;
    this.ha1 =
      password === undefined
        ? Object.fromEntries(
            passwordHashes.flatMap((hash) =>
              hash.kind === 'ha1' ? [[hash.algorithm, hash.hex]] : [],
            ),
          )
        : {
            MD5: ha1(username, REALM, password, 'MD5'),
            'SHA-256': ha1(username, REALM, password, 'SHA-256'),
          };
    this.scrypt = passwordHashes.find((hash): hash is Scrypt => hash.kind === 'scrypt');
  }

  /** HA1 of RFC 7616 s.3.4.2; undefined where only other hashes are kept. */
  ha1Of(algorithm: DigestAlgorithm): string | undefined {
    return this.ha1[algorithm];
  }

  /** Undefined when only scrypt can tell. */
  matchesHa1(password: string): boolean | undefined {
    for (const algorithm of ['SHA-256', 'MD5'] as const) {
      const kept = this.ha1[algorithm];
      if (kept !== undefined) return equal(ha1(this.username, REALM, password, algorithm), kept);
    }
    return undefined;
  }

  async matchesScrypt(password: string): Promise<boolean> {
    if (this.scrypt === undefined) return false;
    return timingSafeEqual(await scryptOf(password, this.scrypt), this.scrypt.hash);
  }
}

/** One after another, and each right password only once: HTTP sends it with every request. */
export class ScryptDesk {
  private readonly key = randomBytes(32);
  private readonly known = new Set<string>();
  private waiting = 0;
  private last: Promise<unknown> = Promise.resolve();

  /** @throws NightjarError 'exhausted' when too many wait */
  async matches(kept: KeptPassword, password: string): Promise<boolean> {
    const { scrypt: hash } = kept;
    if (hash === undefined) return false;
    const mark = createHmac('sha256', this.key)
      .update(hash.salt)
      .update(hash.hash)
      .update(password)
      .digest('base64');
    if (this.known.has(mark)) return true;
    if (this.waiting >= MAX_WAITING)
      throw new NightjarError('exhausted', 'access/logins-waiting', 'too many logins at once');
    this.waiting += 1;
    const turn = this.last.then(() => kept.matchesScrypt(password));
    this.last = turn.catch(() => undefined);
    try {
      const right = await turn;
      if (right) this.remember(mark);
      return right;
    } finally {
      this.waiting -= 1;
    }
  }

  private remember(mark: string): void {
    if (this.known.size >= MAX_REMEMBERED) this.known.clear();
    this.known.add(mark);
  }
}

function equal(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
