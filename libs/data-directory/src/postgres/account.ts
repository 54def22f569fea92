import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import { NightjarError } from '@nightjar/common';

/** The account PostgreSQL runs under when we are root, which it refuses to be; the name every distribution gives it. */
export const ACCOUNT = 'postgres';

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** A command line, and the account to start it under if not our own. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly account?: Account;
}

/** The account to run PostgreSQL under, made when it is missing; undefined when we are not root and it runs as ourselves. */
export function postgresAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const found = lookUp();
  if (found !== undefined) return found;
  spawnSync('useradd', [
    '--system',
    '--user-group',
    '--no-create-home',
    '--shell',
    '/usr/sbin/nologin',
    ACCOUNT,
  ]);
  const made = lookUp();
  if (made !== undefined) return made;
  throw new NightjarError(
    'unavailable',
    'postgres/no-account',
    `PostgreSQL does not run as root and the account ${ACCOUNT} could not be made: start Nightjar as an ordinary user, add that account, or name a database with database.url`,
  );
}

function lookUp(): Account | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) => {
    const out = spawnSync('id', [flag, ACCOUNT], { encoding: 'utf8' });
    return out.status === 0 ? Number.parseInt(out.stdout, 10) : undefined;
  });
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

/**
 * How to run `file` under `account`. Where a directory on the way to one of `paths` is closed to other users (a checkout below
 * /root), the process keeps the one capability to pass it, by setpriv(1).
 */
export function commandUnder(
  account: Account | undefined,
  file: string,
  args: readonly string[],
  paths: readonly string[],
): Command {
  if (account === undefined) return { file, args };
  if (paths.every((one) => isPassable(path.dirname(one)))) return { file, args, account };
  return {
    file: 'setpriv',
    args: [
      `--reuid=${account.uid}`,
      `--regid=${account.gid}`,
      '--clear-groups',
      // access(2) honours capabilities of a non-root user only with this bit (capabilities(7)); initdb relies on access().
      '--securebits=+no_setuid_fixup',
      '--inh-caps=-all,+dac_override',
      '--ambient-caps=-all,+dac_override',
      '--',
      file,
      ...args,
    ],
  };
}

/** True if every directory down to `directory` may be passed by anybody. */
export function isPassable(directory: string): boolean {
  for (let at = path.resolve(directory); ; at = path.dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}
