import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { Module } from '@nestjs/common';
import { messageOf } from '@nightjar/common';
import { metrics } from '@nightjar/monitoring';
import { RoleContext } from '@nightjar/role';
import { AccessPolicy } from './access-policy.js';
import { AuditTrail } from './audit/audit-trail.js';
import { LoginJournal } from './logins/login-journal.js';
import { Logins } from './logins/logins.js';
import { UrlKey } from './urls/key.js';
import { keptUrlKey, urlKeyFile } from './urls/url-key.js';

/** The users of the configuration, followed as they change, and their logins. */
@Module({
  providers: [
    { provide: AccessPolicy, inject: [RoleContext], useFactory: followRules },
    { provide: AuditTrail, inject: [RoleContext], useFactory: openTrail },
    { provide: UrlKey, inject: [RoleContext], useFactory: openKey },
    {
      provide: Logins,
      inject: [RoleContext, AccessPolicy, UrlKey, AuditTrail],
      useFactory: openLogins,
    },
  ],
  exports: [AccessPolicy, AuditTrail, Logins, UrlKey],
})
export class AccessModule {}

function openTrail({ clock }: RoleContext): AuditTrail {
  return new AuditTrail({ clock, dropped: () => metrics.auditDropped.inc() });
}

function followRules({ config, watcher, clock }: RoleContext): AccessPolicy {
  const policy = new AccessPolicy({}, () => clock.wallMs());
  const apply = ({ users, cameras, access }: RoleContext['config']): void =>
    policy.update({ users, cameras, allowFrom: access.allowFrom });
  apply(config);
  watcher.on('changed', (change) => apply(change.config));
  return policy;
}

/** Footage does not wait for a key: without one, URLs are signed until this process ends. */
async function openKey({ config, logger }: RoleContext): Promise<UrlKey> {
  try {
    return new UrlKey(await keptUrlKey(urlKeyFile(config.dataDir)));
  } catch (error) {
    logger.error({ err: error }, 'signed URLs are not accepted: there is no key');
    return new UrlKey(randomBytes(32));
  }
}

async function openLogins(
  { config, watcher, clock, logger }: RoleContext,
  policy: AccessPolicy,
  { bytes }: UrlKey,
  trail: AuditTrail,
): Promise<Logins> {
  const journal = new LoginJournal({
    folder: path.join(config.dataDir, 'run', 'logins'),
    clock,
    heard: (record) => logins.heard(record),
    failed: (error) =>
      logger.warn({ reason: messageOf(error) }, 'wrong passwords are counted per process only'),
  });
  const logins = new Logins({
    policy,
    settings: () => watcher.config.access.logins,
    urlKey: bytes,
    clock,
    tell: (record) => journal.append(record),
    refused: (protocol, reason) => metrics.loginRefusals.inc({ protocol, reason }),
    noted: (kind, subject) => trail.note(kind, subject),
    slowedDown: (client, protocol) =>
      logger.warn({ client, protocol }, 'too many wrong passwords: this client has to wait'),
  });
  await journal.start();
  return logins;
}
