import type { Provider } from '@nestjs/common';
import { AccessPolicy } from '@nightjar/access';
import { Catalog } from '@nightjar/catalog';
import { RoleContext } from '@nightjar/role';
import { RecordingService } from './recording.service.js';

/** What the routes for recording by hand need. */
export const RECORDING_PROVIDERS: Provider[] = [
  {
    provide: RecordingService,
    useFactory: (catalog: Catalog, policy: AccessPolicy, { watcher, clock, logger }: RoleContext) =>
      new RecordingService({ catalog, policy, config: () => watcher.config, clock, log: logger }),
    inject: [Catalog, AccessPolicy, RoleContext],
  },
];
