import { Module } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Catalog } from '@nightjar/catalog';
import { EventBus } from '@nightjar/events';
import { RoleContext } from '@nightjar/role';
import { Adopter } from './adoption/adopter.js';
import { createOnvifClients } from './client/package-client.js';
import type { OpenOnvifClient } from './client/onvif-client.js';
import {
  createAdopter,
  createAdoptionRules,
  createCameraControl,
  createDiscovery,
  createEnforcement,
  type DiscoveryContext,
} from './create-discovery.js';
import { Discovery } from './discovery.js';
import { DiscoveryWork } from './discovery-work.js';
import { Enforcement } from './enforcement/enforcement.js';
import { EventWatches } from './events/event-watches.js';
import { CameraControl } from './ptz/camera-control.js';
import { Announcements } from './search/announcements.js';

/** Of {@link OpenOnvifClient}: refused logins are remembered over all who ask devices. */
const ONVIF_CLIENTS = Symbol('OpenOnvifClient');

function contextOf(
  catalog: Catalog,
  open: OpenOnvifClient,
  { clock, logger, watcher }: RoleContext,
): DiscoveryContext {
  return { catalog, open, clock, log: logger, config: () => watcher.config };
}

/** Finds cameras in the network. Needs Catalog and SchedulerRegistry, which its host has for all. */
@Module({
  providers: [
    {
      provide: ONVIF_CLIENTS,
      useFactory: ({ clock }: RoleContext) => createOnvifClients(clock),
      inject: [RoleContext],
    },
    {
      provide: Discovery,
      useFactory: (enforcement: Enforcement, ...parts: Parameters<typeof contextOf>) =>
        createDiscovery(contextOf(...parts), enforcement),
      inject: [Enforcement, Catalog, ONVIF_CLIENTS, RoleContext],
    },
    {
      provide: Enforcement,
      useFactory: (...parts: Parameters<typeof contextOf>) =>
        createEnforcement(contextOf(...parts)),
      inject: [Catalog, ONVIF_CLIENTS, RoleContext],
    },
    {
      provide: Adopter,
      useFactory: (...parts: Parameters<typeof contextOf>) => createAdopter(contextOf(...parts)),
      inject: [Catalog, ONVIF_CLIENTS, RoleContext],
    },
    {
      provide: CameraControl,
      useFactory: (...parts: Parameters<typeof contextOf>) =>
        createCameraControl(contextOf(...parts)),
      inject: [Catalog, ONVIF_CLIENTS, RoleContext],
    },
    {
      provide: DiscoveryWork,
      useFactory: (
        discovery: Discovery,
        adopter: Adopter,
        catalog: Catalog,
        open: OpenOnvifClient,
        registry: SchedulerRegistry,
        role: RoleContext,
      ) => {
        const { clock, logger, watcher } = role;
        const rules = createAdoptionRules(contextOf(catalog, open, role), adopter);
        const work = new DiscoveryWork({
          discovery,
          rules,
          devices: catalog.devices,
          watches: new EventWatches({
            devices: catalog.devices,
            open,
            bus: new EventBus(catalog.events, clock),
            config: () => watcher.config,
            clock,
            log: logger,
          }),
          announcements: new Announcements({
            came: (sighting) => void discovery.came(sighting).then(() => rules.apply()),
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
          work.camerasChanged();
        });
        return work;
      },
      inject: [Discovery, Adopter, Catalog, ONVIF_CLIENTS, SchedulerRegistry, RoleContext],
    },
  ],
  exports: [Adopter, CameraControl, Discovery, DiscoveryWork, Enforcement],
})
export class DiscoveryModule {}
