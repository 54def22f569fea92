import type { Provider } from '@nestjs/common';
import { Catalog } from '@nightjar/catalog';
import { retentionStatus, type EmergencyControl } from '@nightjar/retention';
import { RoleContext, VERSION } from '@nightjar/role';
import { JobsService } from '../jobs/jobs.service.js';
import { CompletenessService } from '../ledger/completeness.service.js';
import { EMERGENCIES } from '../retention/retention.controller.js';
import { VolumesService } from '../volumes.service.js';
import { StatusService } from './status.service.js';

export const STATUS_PROVIDERS: Provider[] = [
  {
    provide: StatusService,
    useFactory: (
      { clock, watcher }: RoleContext,
      catalog: Catalog,
      jobs: JobsService,
      volumes: VolumesService,
      emergencies: EmergencyControl,
      ledger: CompletenessService,
    ) =>
      new StatusService({
        version: VERSION,
        clock,
        config: () => watcher.config,
        ping: () => catalog.ping(),
        queues: () => jobs.queueStates(),
        volumes: () => volumes.list(),
        retention: () => retentionStatus(catalog, watcher.config, emergencies),
        newest: () => catalog.timeline.streams(),
        completeness: (day) => ledger.everyCamera(day, 'UTC'),
      }),
    inject: [RoleContext, Catalog, JobsService, VolumesService, EMERGENCIES, CompletenessService],
  },
];
