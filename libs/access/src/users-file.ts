import { NightjarError } from '@nightjar/common';
import { isUserName, printPasswordHash, USER_NAME_HELP, type PasswordHash } from '@nightjar/config';
import { hashPassword, MAX_PASSWORD_LENGTH } from './passwords/password-check.js';
import { REALM } from './realm.js';

/** A user of a foreign list of users. */
export interface ImportedUser {
  readonly name: string;
  readonly password: { readonly text: string } | { readonly hash: PasswordHash };
}

const MAX_USERS = 10_000;
const HTDIGEST = /^([^:]*):([0-9A-Fa-f]{32}|[0-9A-Fa-f]{64})$/;
const FOREIGN_HASH = /^(?:\$(?:apr1|2[abxy]?|5|6|argon2[a-z]*|y)\$|\{SHA\}|\{SSHA\})/;

/**
 * Reads a list of users: `user:password` lines, or those of htdigest, `user:realm:HA1`, where the realm is ours. Empty
 * lines and `#` comments are left out. A password may hold colons.
 * @throws NightjarError 'invalid' `access/users-file` that names the line; never its content
 */
export function parseUsersFile(text: string): readonly ImportedUser[] {
  const users = new Map<string, ImportedUser>();
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    const user = parseLine(line, index + 1);
    if (users.has(user.name)) throw bad(index + 1, `the user ${user.name} is already there`);
    if (users.size >= MAX_USERS) throw bad(index + 1, `more than ${MAX_USERS} users`);
    users.set(user.name, user);
  }
  return [...users.values()];
}

function parseLine(line: string, number: number): ImportedUser {
  const colon = line.indexOf(':');
  if (colon < 0)
    throw bad(number, 'expected user:password, or user:realm:HA1 as htdigest writes it');
  const name = line.slice(0, colon).trim();
  const rest = line.slice(colon + 1);
  if (!isUserName(name)) throw bad(number, USER_NAME_HELP);
  const digest = HTDIGEST.exec(rest);
  if (digest !== null) {
    if (digest[1] !== REALM)
      throw bad(
        number,
        `the password is hashed for another realm than "${REALM}"; it must be set anew`,
      );
    const hex = digest[2]!.toLowerCase();
    const algorithm = hex.length === 32 ? 'MD5' : 'SHA-256';
    return { name, password: { hash: { kind: 'ha1', algorithm, hex } } };
  }
  if (FOREIGN_HASH.test(rest))
    throw bad(
      number,
      'the password is hashed in a way that serves no Digest login; it must be set anew',
    );
  if (rest === '') throw bad(number, 'the password is empty');
  if (rest.length > MAX_PASSWORD_LENGTH)
    throw bad(number, `the password is longer than ${MAX_PASSWORD_LENGTH} characters`);
  return { name, password: { text: rest } };
}

/** The hashes as they stand in a configuration. */
export async function printedHashes(
  { name, password }: ImportedUser,
  kind: 'ha1' | 'scrypt',
): Promise<readonly string[]> {
  const hashes =
    'hash' in password ? [password.hash] : await hashPassword(name, password.text, kind);
  return hashes.map(printPasswordHash);
}

function bad(line: number, message: string): NightjarError {
  return new NightjarError('invalid', 'access/users-file', `line ${line}: ${message}`, { line });
}
