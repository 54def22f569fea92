import type { Known, Report } from '../report.js';
import type { KeyPath } from '../config-text.js';
import { noSuch } from '../nearest.js';
import type { UserEntry } from './schema-access.js';

/** Stands for the media files among the cameras of a user; no camera can have the name. */
const FILES = 'files';

/** What a user may refer to. */
export interface KnownNames {
  readonly known: Known;
  readonly groups: readonly string[];
}

/** One login, one way to say what it is for, and nothing that does not exist. */
export function checkUser(
  name: string,
  user: UserEntry,
  names: KnownNames,
  report: Report,
  warn: Report,
): void {
  const at: KeyPath = ['users', name];
  checkLogin(user, at, report);
  checkPlaces(user, at, names, report);
  for (const [index, permission] of (user.permissions ?? []).entries())
    checkPlaces(permission, [...at, 'permissions', index], names, report);
  const { role, cameras, groups, permissions } = user;
  if (permissions !== undefined && (role ?? cameras ?? groups) !== undefined)
    report([...at, 'permissions'], 'stand instead of role, cameras and groups; keep one', 'key');
  if (role !== 'admin') return;
  for (const key of ['cameras', 'groups'] as const)
    if (user[key] !== undefined)
      warn([...at, key], 'has no effect: an admin may see all cameras', 'key');
}

function checkLogin(user: UserEntry, at: KeyPath, report: Report): void {
  const keys = (['passwordFile', 'passwordEnv', 'passwordHash'] as const).filter(
    (key) => user[key] !== undefined,
  );
  if (keys.length === 0) report(at, 'needs passwordFile or passwordEnv, or passwordHash', 'key');
  if (keys.length > 1) report(at, `has both ${keys.join(' and ')}; keep one`, 'key');
  const kinds = [user.passwordHash ?? []]
    .flat()
    .map((hash) => (hash.kind === 'ha1' ? `ha1 ${hash.algorithm}` : hash.kind));
  if (new Set(kinds).size < kinds.length)
    report([...at, 'passwordHash'], 'holds two hashes of one kind; a user has one password');
}

function checkPlaces(
  { cameras = [], groups = [] }: Pick<UserEntry, 'cameras' | 'groups'>,
  at: KeyPath,
  names: KnownNames,
  report: Report,
): void {
  for (const [index, camera] of cameras.entries())
    if (camera !== FILES && !names.known.cameras.has(camera))
      report([...at, 'cameras', index], noSuch('camera', camera, names.known.cameras));
  if (names.known.broken.has('groups')) return;
  for (const [index, group] of groups.entries())
    if (!names.groups.includes(group))
      report([...at, 'groups', index], noSuch('group', group, names.groups));
}
