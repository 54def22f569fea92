import { readFile } from 'node:fs/promises';
import { hashPassword, MAX_PASSWORD_LENGTH, parseUsersFile, printedHashes } from '@nightjar/access';
import { messageOf, NightjarError } from '@nightjar/common';
import { isUserName, printPasswordHash, ROLES } from '@nightjar/config';
import { UsageError, type Output } from '../command.js';
import { readAll, readPassword } from './read-password.js';

type Kind = 'ha1' | 'scrypt';

/** Prints the hashes of a password that is asked for. */
export async function hashOne(name: string, kind: Kind, output: Output): Promise<void> {
  if (!isUserName(name)) throw new UsageError(`"${name}" is no name of a user`);
  const password = await readPassword(`Password of ${name}: `);
  if (password === '')
    throw new NightjarError('invalid', 'cli/no-password', 'no password was given');
  if (password.length > MAX_PASSWORD_LENGTH)
    throw new NightjarError(
      'invalid',
      'cli/long-password',
      `a password has at most ${MAX_PASSWORD_LENGTH} characters`,
    );
  const hashes = (await hashPassword(name, password, kind)).map(printPasswordHash);
  output.out(`passwordHash: ${printList(hashes)}`);
}

/** Prints `users:` of a configuration for a foreign list of users. */
export async function importUsers(
  file: string,
  { kind, role }: { readonly kind: Kind; readonly role: string | undefined },
  output: Output,
): Promise<void> {
  if (role !== undefined && !(ROLES as readonly string[]).includes(role))
    throw new UsageError(`--role wants one of ${ROLES.join(', ')}`);
  const users = parseUsersFile(file === '-' ? await readAll(process.stdin) : await readText(file));
  if (users.length === 0)
    throw new NightjarError('invalid', 'cli/no-users', `${file} holds no users`);
  output.out('users:');
  for (const user of users) {
    const hashes = await printedHashes(user, kind);
    const given = role === undefined ? '' : `, role: ${role}`;
    output.out(`  ${user.name}: { passwordHash: ${printList(hashes)}${given} }`);
  }
}

/** Quoted: a comma or a colon would mean something to YAML. */
function printList(hashes: readonly string[]): string {
  return `[${hashes.map((hash) => `'${hash}'`).join(', ')}]`;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const message = `cannot read ${file}: ${messageOf(error)}`;
    throw new NightjarError('unavailable', 'cli/users-file', message, { file }, error);
  }
}
