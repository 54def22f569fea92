import type { Provider } from '@nestjs/common';
import { Catalog } from '@nightjar/catalog';
import { Holds, OverrideControl } from '@nightjar/retention';
import { RoleContext } from '@nightjar/role';
import { EMERGENCIES } from './retention.controller.js';

/** What the routes of retention and holds need. */
export const RETENTION_PROVIDERS: Provider[] = [
  {
    provide: Holds,
    useFactory: (catalog: Catalog, { clock, watcher }: RoleContext) =>
      new Holds(catalog, () => watcher.config, clock),
    inject: [Catalog, RoleContext],
  },
  {
    provide: EMERGENCIES,
    useFactory: (catalog: Catalog, { clock }: RoleContext) =>
      new OverrideControl(catalog.overrides, clock),
    inject: [Catalog, RoleContext],
  },
];
