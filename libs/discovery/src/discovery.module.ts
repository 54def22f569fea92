import { Module } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Catalog } from '@nightjar/catalog';
import { RoleContext } from '@nightjar/role';
import { createDiscovery } from './create-discovery.js';
import { Discovery } from './discovery.js';
import { DiscoveryWork } from './discovery-work.js';
import { Announcements } from './search/announcements.js';

/** Finds cameras in the network. Needs Catalog and SchedulerRegistry, which its host has for all. */
@Module({
  providers: [
    {
      provide: Discovery,
      useFactory: (catalog: Catalog, { clock, logger, watcher }: RoleContext) =>
        createDiscovery({ catalog, clock, log: logger, config: () => watcher.config }),
      inject: [Catalog, RoleContext],
    },
    {
      provide: DiscoveryWork,
      useFactory: (
        discovery: Discovery,
        catalog: Catalog,
        registry: SchedulerRegistry,
        { clock, logger, watcher }: RoleContext,
      ) => {
        const work = new DiscoveryWork({
          discovery,
          devices: catalog.devices,
          announcements: new Announcements({
            came: (sighting) => void discovery.came(sighting),
            left: (endpoint) => void discovery.left(endpoint),
            failed: (where, reason) =>
              logger.warn({ where, reason }, 'announcements of devices are not heard'),
          }),
          registry,
          config: () => watcher.config.discovery,
          clock,
          log: logger,
        });
        watcher.on('changed', ({ diff }) => {
          if (diff.live.includes('discovery')) work.changed();
        });
        return work;
      },
      inject: [Discovery, Catalog, SchedulerRegistry, RoleContext],
    },
  ],
  exports: [Discovery, DiscoveryWork],
})
export class DiscoveryModule {}
