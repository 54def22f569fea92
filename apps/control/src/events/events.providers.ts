import type { Provider } from '@nestjs/common';
import { AccessPolicy } from '@nightjar/access';
import { Catalog } from '@nightjar/catalog';
import { EventBus } from '@nightjar/events';
import { RoleContext } from '@nightjar/role';
import { EventKeeping } from './event-keeping.js';
import { createEventReader } from './event-reader.js';
import { EventWork } from './event-work.js';
import { EventsService } from './events.service.js';

/** What the routes of events need, and what is done about events beside them. */
export const EVENT_PROVIDERS: Provider[] = [
  {
    provide: EventBus,
    useFactory: ({ events }: Catalog, { clock }: RoleContext) => new EventBus(events, clock),
    inject: [Catalog, RoleContext],
  },
  {
    provide: EventsService,
    useFactory: (bus: EventBus, catalog: Catalog, policy: AccessPolicy, { watcher }: RoleContext) =>
      new EventsService({ bus, catalog, policy, config: () => watcher.config }),
    inject: [EventBus, Catalog, AccessPolicy, RoleContext],
  },
  {
    provide: EventWork,
    useFactory: ({ events }: Catalog, bus: EventBus, context: RoleContext) => {
      const { config, clock, logger, watcher } = context;
      return new EventWork([
        createEventReader(() => watcher.config, bus, context),
        new EventKeeping(events, config.events.maxAgeMs, clock, logger),
      ]);
    },
    inject: [Catalog, EventBus, RoleContext],
  },
];
