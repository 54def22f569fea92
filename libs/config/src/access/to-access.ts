import type { ConfigFile } from '../schema.js';
import type { AccessConfig, UserConfig } from './model-access.js';
import type { UserEntry } from './schema-access.js';

/** @param password as it was read, where the entry refers to one */
export function toUser(user: UserEntry, password: string | undefined): UserConfig {
  const { passwordHash, cameras, groups, permissions, allowFrom } = user;
  return {
    password,
    passwordHashes: passwordHash === undefined ? undefined : [passwordHash].flat(),
    role: user.role ?? (permissions === undefined ? 'viewer' : undefined),
    cameras,
    groups,
    permissions,
    allowFrom,
  };
}

export function toAccess({ allowFrom, logins, signedUrls }: ConfigFile['access']): AccessConfig {
  return {
    allowFrom,
    logins: { tries: logins.tries, windowMs: logins.window },
    signedUrls: { maxAgeMs: signedUrls.maxAge },
  };
}
