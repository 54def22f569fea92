import type { Provider } from '@nestjs/common';
import { AccessPolicy } from '@nightjar/access';
import { Catalog } from '@nightjar/catalog';
import { RoleContext } from '@nightjar/role';
import { CompletenessService } from './completeness.service.js';
import { TimelineService } from './timeline.service.js';

export const LEDGER_PROVIDERS: Provider[] = [
  {
    provide: TimelineService,
    useFactory: (catalog: Catalog, policy: AccessPolicy, { clock, watcher }: RoleContext) =>
      new TimelineService(catalog, policy, () => watcher.config, clock),
    inject: [Catalog, AccessPolicy, RoleContext],
  },
  {
    provide: CompletenessService,
    useFactory: (catalog: Catalog, policy: AccessPolicy, { clock, watcher }: RoleContext) =>
      new CompletenessService(catalog, policy, () => watcher.config, clock),
    inject: [Catalog, AccessPolicy, RoleContext],
  },
];
