import type { Catalog } from '@nightjar/catalog';
import { systemClock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import {
  createAdopter,
  createCameraControl,
  createDiscovery,
  createEnforcement,
  createOnvifClients,
  viewDevice,
  type Adopter,
  type CameraControl,
  type DeviceView,
  type Discovery,
  type Enforcement,
} from '@nightjar/discovery';
import { readConfig, withCatalog } from '../open-archive.js';
import type { Asked } from '../show.js';

export interface Devices {
  readonly catalog: Catalog;
  readonly config: NightjarConfig;
  readonly discovery: Discovery;
  readonly adopter: Adopter;
  readonly control: CameraControl;
  readonly enforcement: Enforcement;
  readonly list: () => Promise<DeviceView[]>;
}

const SILENT = { info: () => undefined, warn: () => undefined, debug: () => undefined };

/** Does something with the devices of the catalog, and closes it. @throws NightjarError `unavailable` without a database */
export async function withDevices<Result>(
  { configFile }: Asked,
  work: (devices: Devices) => Promise<Result>,
): Promise<Result> {
  const config = await readConfig(configFile);
  return await withCatalog(config, async (catalog) => {
    const context = {
      catalog,
      open: createOnvifClients(systemClock),
      config: () => config,
      clock: systemClock,
      log: SILENT,
    };
    const discovery = createDiscovery(context);
    const adopter = createAdopter(context);
    const control = createCameraControl(context);
    const enforcement = createEnforcement(context);
    const list = async (): Promise<DeviceView[]> => {
      const nowMs = systemClock.wallMs();
      return (await catalog.devices.list()).map((device) =>
        viewDevice(device, nowMs, config.discovery.intervalMs),
      );
    };
    return await work({ catalog, config, discovery, adopter, control, enforcement, list });
  });
}
