import type { Provider } from '@nestjs/common';
import { AccessPolicy } from '@nightjar/access';
import { Catalog } from '@nightjar/catalog';
import { Adopter, CameraControl, Discovery, Enforcement } from '@nightjar/discovery';
import { RoleContext } from '@nightjar/role';
import { CameraControlService } from './camera-control.service.js';
import { DevicesService } from './devices.service.js';

/** What the routes of devices in the network need. */
export const DISCOVERY_PROVIDERS: Provider[] = [
  {
    provide: CameraControlService,
    useFactory: (control: CameraControl, policy: AccessPolicy, { watcher }: RoleContext) =>
      new CameraControlService(control, policy, () => watcher.config),
    inject: [CameraControl, AccessPolicy, RoleContext],
  },
  {
    provide: DevicesService,
    useFactory: (
      discovery: Discovery,
      adopter: Adopter,
      enforcement: Enforcement,
      catalog: Catalog,
      policy: AccessPolicy,
      { watcher, clock }: RoleContext,
    ) =>
      new DevicesService({
        discovery,
        adopter,
        enforcement,
        catalog,
        policy,
        config: () => watcher.config,
        clock,
      }),
    inject: [Discovery, Adopter, Enforcement, Catalog, AccessPolicy, RoleContext],
  },
];
