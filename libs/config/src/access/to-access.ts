import type { UnauthorizedConfig } from '../model.js';
import type { CameraEntry, ConfigFile } from '../schema.js';
import type { AccessConfig, LimitsConfig, UserConfig } from './model-access.js';
import type { LimitsEntry, UserEntry } from './schema-access.js';

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

export function toAccess({
  allowFrom,
  logins,
  signedUrls,
  audit,
}: ConfigFile['access']): AccessConfig {
  return {
    allowFrom,
    logins: { tries: logins.tries, windowMs: logins.window },
    signedUrls: { maxAgeMs: signedUrls.maxAge },
    auditMaxAgeMs: audit.maxAge,
  };
}

/** @param entry `reconnect.unauthorized` of a camera */
export function toUnauthorized({
  tries,
  pause,
  afterwards,
}: CameraEntry['reconnect']['unauthorized']): UnauthorizedConfig {
  return { tries, pauseMs: pause, afterwardsMs: afterwards === 'stop' ? undefined : afterwards };
}

export function toLimits({
  silentTimeout,
  readerBandwidth,
  streamBandwidth,
  memory,
  ...counts
}: LimitsEntry): LimitsConfig {
  return {
    ...counts,
    silentTimeoutMs: silentTimeout,
    readerBytesPerSecond: readerBandwidth,
    streamBytesPerSecond: streamBandwidth,
    memoryBytes: memory,
  };
}
