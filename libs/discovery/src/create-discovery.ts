import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Catalog, Device } from '@nightjar/catalog';
import type { Clock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import { EventBus } from '@nightjar/events';
import { Adopter } from './adoption/adopter.js';
import { AdoptionRules } from './adoption/adoption-rules.js';
import { awaitKeyframe } from './adoption/await-keyframe.js';
import type { OpenOnvifClient } from './client/onvif-client.js';
import { accessTo, cameraOf } from './device-access.js';
import { DeviceReader } from './device-reader.js';
import { Discovery, type DiscoveryParts } from './discovery.js';
import { Drift } from './drift/drift.js';
import { Enforcement } from './enforcement/enforcement.js';
import { CameraControl } from './ptz/camera-control.js';
import { createNetworkSearch } from './search/network-search.js';

export interface DiscoveryContext {
  readonly catalog: Pick<Catalog, 'devices' | 'events'>;
  readonly open: OpenOnvifClient;
  readonly config: () => NightjarConfig;
  readonly clock: Clock;
  readonly log: DiscoveryParts['log'];
}

/**
 * Discovery on the real network.
 * @param enforcement has a look at every adopted device that is read
 */
export function createDiscovery(context: DiscoveryContext, enforcement?: Enforcement): Discovery {
  const { catalog, open, config, clock, log } = context;
  const { devices } = catalog;
  const drift = new Drift({ bus: new EventBus(catalog.events, clock), config, clock, log });
  const access = (device: Device) => accessTo(device, config());
  return new Discovery({
    devices,
    cameraOf: (device) => cameraOf(device, config())?.name,
    reader: new DeviceReader({
      devices,
      open,
      accessTo: access,
      noticed: async (device, fresh) => {
        await drift.noticed(device, fresh);
        await enforcement?.look(device);
      },
      clock,
    }),
    searchNetwork: createNetworkSearch(open),
    ownEndpoint: () => ownEndpoint(config().dataDir),
    config: () => config().discovery,
    clock,
    log,
  });
}

/** As our own ONVIF side keeps it; a machine that never was a device has none. */
async function ownEndpoint(dataDir: string): Promise<string | undefined> {
  try {
    return (await readFile(path.join(dataDir, 'onvif-uuid'), 'utf8')).trim();
  } catch {
    return undefined;
  }
}

/** Adoption of real devices. */
export function createAdopter({ catalog, open, config, clock }: DiscoveryContext): Adopter {
  return new Adopter({
    devices: catalog.devices,
    open,
    awaitKeyframe: (stream) => awaitKeyframe(stream, clock),
    config,
    clock,
  });
}

/** Adoption of real devices by rule. */
export function createAdoptionRules(context: DiscoveryContext, adopter: Adopter): AdoptionRules {
  const { catalog, open, config, clock, log } = context;
  return new AdoptionRules({ devices: catalog.devices, adopter, open, config, clock, log });
}

/** Settings of real cameras. */
export function createEnforcement(context: DiscoveryContext): Enforcement {
  const { catalog, open, config, clock, log } = context;
  const bus = new EventBus(catalog.events, clock);
  return new Enforcement({ devices: catalog.devices, open, bus, config, clock, log });
}

/** Control of real cameras. */
export function createCameraControl({ catalog, open, config }: DiscoveryContext): CameraControl {
  return new CameraControl({ devices: catalog.devices, open, config });
}
