import type { Provider } from '@nestjs/common';
import { APP_INTERCEPTOR, Reflector } from '@nestjs/core';
import { AuditTrail } from '@nightjar/access';
import { Catalog } from '@nightjar/catalog';
import { metrics } from '@nightjar/monitoring';
import { RoleContext } from '@nightjar/role';
import { AuditBook } from './audit-book.js';
import { AuditInterceptor } from './audited.js';

export const AUDIT_PROVIDERS: Provider[] = [
  {
    provide: AuditBook,
    inject: [AuditTrail, Catalog, RoleContext],
    useFactory: (trail: AuditTrail, catalog: Catalog, { watcher, clock, logger }: RoleContext) => {
      watcher.on('changed', ({ diff: { cameras, usersChanged, live, restartOnly } }) =>
        trail.note('configuration-changed', {
          data: {
            ...names('added', cameras.added),
            ...names('removed', cameras.removed),
            ...names(
              'changed',
              cameras.changed.map(({ camera }) => camera),
            ),
            ...names('sections', [...(usersChanged ? ['users'] : []), ...live, ...restartOnly]),
          },
        }),
      );
      return new AuditBook({
        trail,
        repository: catalog.trail,
        clock,
        log: logger,
        maxAgeMs: () => watcher.config.access.auditMaxAgeMs,
        dropped: () => metrics.auditDropped.inc(),
      });
    },
  },
  {
    provide: APP_INTERCEPTOR,
    inject: [AuditTrail, Reflector],
    useFactory: (trail: AuditTrail, reflector: Reflector) => new AuditInterceptor(trail, reflector),
  },
];

/** Many cameras may change at once: enough of them to know which change it was. */
function names(key: string, all: readonly string[]): Record<string, string> {
  return all.length === 0 ? {} : { [key]: all.join(' ').slice(0, 1_000) };
}
