import { Module, StandardSchemaValidationPipe } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import { AccessModule, AccessPolicy, AuditTrail, Logins } from '@nightjar/access';
import { Catalog } from '@nightjar/catalog';
import { DiscoveryModule, DiscoveryWork } from '@nightjar/discovery';
import { backendOfRole, JobQueue } from '@nightjar/jobs';
import { RoleContext } from '@nightjar/role';
import { CatalogModule } from './catalog.module.js';
import { CamerasController } from './cameras.controller.js';
import { CamerasService } from './cameras.service.js';
import { AuditBook } from './audit/audit-book.js';
import { AuditController } from './audit/audit.controller.js';
import { AUDIT_PROVIDERS } from './audit/audit.providers.js';
import { ControlService } from './control.service.js';
import { CameraControlController } from './discovery/camera-control.controller.js';
import { DiscoveryController } from './discovery/discovery.controller.js';
import { DISCOVERY_PROVIDERS } from './discovery/discovery.providers.js';
import { DeletionsController } from './retention/deletions.controller.js';
import { ErrorFilter } from './error.filter.js';
import { EventsController } from './events/events.controller.js';
import { EVENT_PROVIDERS } from './events/events.providers.js';
import { EventWork } from './events/event-work.js';
import { ExportsController } from './footage/exports.controller.js';
import { FootageController } from './footage/footage.controller.js';
import { footageProviders } from './footage/footage.providers.js';
import { HoldsController } from './retention/holds.controller.js';
import { PrincipalGuard } from './principal.guard.js';
import { VolumesController } from './volumes.controller.js';
import { VolumesService } from './volumes.service.js';
import { IntegrityController } from './integrity.controller.js';
import { ONVIF_PROVIDERS } from './onvif/onvif.providers.js';
import { RecordingController } from './recording/recording.controller.js';
import { RECORDING_PROVIDERS } from './recording/recording.providers.js';
import { SignedUrlsController } from './urls/signed-urls.controller.js';
import { SIGNED_URL_PROVIDERS } from './urls/signed-urls.providers.js';
import { JobSchedule, recurringJobs } from './job-schedule.js';
import { JobsController } from './jobs/jobs.controller.js';
import { JOBS_PROVIDERS } from './jobs/jobs.providers.js';
import { LedgerController } from './ledger/ledger.controller.js';
import { LEDGER_PROVIDERS } from './ledger/ledger.providers.js';
import { RetentionController } from './retention/retention.controller.js';
import { RETENTION_PROVIDERS } from './retention/retention.providers.js';
import { StatusController } from './status/status.controller.js';
import { STATUS_PROVIDERS } from './status/status.providers.js';

@Module({
  imports: [ScheduleModule.forRoot(), AccessModule, CatalogModule, DiscoveryModule],
  controllers: [
    AuditController,
    CamerasController,
    EventsController,
    ExportsController,
    FootageController,
    IntegrityController,
    JobsController,
    LedgerController,
    RecordingController,
    SignedUrlsController,
    VolumesController,
    RetentionController,
    HoldsController,
    StatusController,
    DeletionsController,
    DiscoveryController,
    CameraControlController,
  ],
  providers: [
    ...footageProviders,
    { provide: JobQueue, useFactory: openQueue, inject: [RoleContext] },
    {
      provide: CamerasService,
      useFactory: (catalog: Catalog, policy: AccessPolicy, { watcher }: RoleContext) =>
        new CamerasService(catalog, policy, () => watcher.config),
      inject: [Catalog, AccessPolicy, RoleContext],
    },
    ...LEDGER_PROVIDERS,
    ...JOBS_PROVIDERS,
    ...RETENTION_PROVIDERS,
    {
      provide: JobSchedule,
      useFactory: (queue: JobQueue, registry: SchedulerRegistry, { config, logger }: RoleContext) =>
        new JobSchedule(queue, registry, recurringJobs(config), logger),
      inject: [JobQueue, SchedulerRegistry, RoleContext],
    },
    ...EVENT_PROVIDERS,
    ...RECORDING_PROVIDERS,
    ...SIGNED_URL_PROVIDERS,
    ...AUDIT_PROVIDERS,
    ...ONVIF_PROVIDERS,
    ...STATUS_PROVIDERS,
    ...DISCOVERY_PROVIDERS,
    {
      provide: ControlService,
      useFactory: (
        catalog: Catalog,
        queue: JobQueue,
        schedule: JobSchedule,
        events: EventWork,
        discovery: DiscoveryWork,
        audit: AuditBook,
        { clock }: RoleContext,
      ) => new ControlService({ catalog, queue, schedule, events, discovery, audit, clock }),
      inject: [Catalog, JobQueue, JobSchedule, EventWork, DiscoveryWork, AuditBook, RoleContext],
    },
    {
      provide: VolumesService,
      useFactory: (catalog: Catalog, { watcher }: RoleContext) =>
        new VolumesService(catalog, () => watcher.config),
      inject: [Catalog, RoleContext],
    },
    {
      provide: APP_GUARD,
      useFactory: (policy: AccessPolicy, logins: Logins) => new PrincipalGuard(policy, logins),
      inject: [AccessPolicy, Logins],
    },
    { provide: APP_PIPE, useFactory: () => new StandardSchemaValidationPipe() },
    {
      provide: APP_FILTER,
      useFactory: ({ logger }: RoleContext, trail: AuditTrail) => new ErrorFilter(logger, trail),
      inject: [RoleContext, AuditTrail],
    },
  ],
})
export class ControlModule {}

function openQueue(context: RoleContext): JobQueue {
  const { backend, unavailable } = backendOfRole(context);
  return new JobQueue(backend, unavailable);
}
