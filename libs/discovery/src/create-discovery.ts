import type { Catalog } from '@nightjar/catalog';
import type { Clock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import { createOnvifClients } from './client/package-client.js';
import { accessTo } from './device-access.js';
import { DeviceReader } from './device-reader.js';
import { Discovery, type DiscoveryParts } from './discovery.js';
import { createNetworkSearch } from './search/network-search.js';

/** Discovery on the real network. */
export function createDiscovery({
  catalog: { devices },
  config,
  clock,
  log,
}: {
  readonly catalog: Pick<Catalog, 'devices'>;
  readonly config: () => NightjarConfig;
  readonly clock: Clock;
  readonly log: DiscoveryParts['log'];
}): Discovery {
  const open = createOnvifClients(clock);
  const access = (device: Parameters<typeof accessTo>[0]) => accessTo(device, config());
  return new Discovery({
    devices,
    reader: new DeviceReader({ devices, open, accessTo: access, clock }),
    searchNetwork: createNetworkSearch(open),
    config: () => config().discovery,
    clock,
    log,
  });
}
