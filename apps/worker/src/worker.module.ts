import { Module } from '@nestjs/common';
import { Catalog, catalogOfRole } from '@nightjar/catalog';
import {
  CatalogReconcile,
  IntegrityCheck,
  integrityProcessors,
  SignCheckpoints,
  VolumeScan,
} from '@nightjar/integrity';
import { backendOfRole, JobQueue, JobWorker } from '@nightjar/jobs';
import type { JobListener } from '@nightjar/jobs';
import { CompletenessRollUp, rollUpProcessor } from '@nightjar/ledger';
import { metrics } from '@nightjar/monitoring';
import type { Logger } from '@nightjar/monitoring';
import {
  ExpireExports,
  ExportFilm,
  exportProcessors,
  hourStripsProcessor,
  MakeExport,
  MakeHourStrips,
} from '@nightjar/playback';
import { OverrideControl, retentionProcessor, RetentionSweep } from '@nightjar/retention';
import { RoleContext, VERSION } from '@nightjar/role';
import { CatalogGauges } from './catalog-gauges.js';
import { JournalFeeder } from './journal-feeder.js';
import { QueueGauges } from './queue-gauges.js';
import { VolumeRegistry } from './volume-registry.js';
import { VolumeWatch } from './volume-watch.js';
import { WorkerService } from './worker.service.js';

/** Every job this role is responsible for; boot fails unless each has exactly one processor. */
const JOBS = [
  RetentionSweep,
  IntegrityCheck,
  VolumeScan,
  CatalogReconcile,
  SignCheckpoints,
  CompletenessRollUp,
  ExportFilm,
  MakeExport,
  ExpireExports,
  MakeHourStrips,
];
@Module({
  providers: [
    {
      provide: Catalog,
      useFactory: (context: RoleContext) => catalogOfRole(context, 'worker'),
      inject: [RoleContext],
    },
    { provide: VolumeRegistry, useFactory: openVolumes, inject: [Catalog, RoleContext] },
    {
      provide: WorkerService,
      useFactory: createService,
      inject: [RoleContext, Catalog, VolumeRegistry],
    },
  ],
})
export class WorkerModule {}

function openVolumes(catalog: Catalog, { config }: RoleContext): VolumeRegistry {
  return new VolumeRegistry(
    catalog,
    new Map(Object.entries(config.volumes).map(([name, { path }]) => [name, path])),
  );
}

function createService(
  context: RoleContext,
  catalog: Catalog,
  volumes: VolumeRegistry,
): WorkerService {
  const { clock, config, logger, watcher } = context;
  const { backend, unavailable: queueAway } = backendOfRole(context);
  const processors = [
    retentionProcessor({
      catalog,
      clock,
      logger,
      emergencies: new OverrideControl(catalog.overrides, clock),
      config: () => watcher.config,
      volume: (name) => volumes.get(name),
    }),
    ...integrityProcessors({
      catalog,
      clock,
      logger,
      config: () => watcher.config,
      volume: (name) => volumes.get(name),
      software: `nightjar ${VERSION}`,
    }),
    rollUpProcessor({ catalog, clock }),
    hourStripsProcessor({ clock, config: () => watcher.config }),
    ...exportProcessors({
      catalog,
      clock,
      config: () => watcher.config,
      software: `nightjar ${VERSION}`,
    }),
  ];
  const jobs = new JobWorker(backend, JOBS, processors, clock, jobListener(logger, queueAway));
  const feeders = volumes.names.map(
    (name) =>
      new JournalFeeder(name, {
        feed: catalog.feed,
        clock,
        logger,
        volume: () => volumes.get(name),
      }),
  );
  const queue = new JobQueue(backend, queueAway);
  const gauges = new QueueGauges(
    queue.desk,
    JOBS.map(({ queue: name }) => name),
    clock,
  );
  const watch = new VolumeWatch({
    volumes: config.volumes,
    registry: volumes,
    catalog,
    clock,
    logger,
  });
  const footage = new CatalogGauges(catalog.timeline, clock);
  return new WorkerService({
    catalog,
    feeders,
    watch,
    queue,
    jobs,
    gauges,
    footage,
    clock,
    logger,
    queueAway,
  });
}

function jobListener(logger: Logger, unavailable: (reason: string) => void): JobListener {
  return {
    unavailable,
    finished(job, result, durationSeconds, reason) {
      metrics.jobs.inc({ job_name: job, result });
      metrics.jobDurationSeconds.observe({ job_name: job }, durationSeconds);
      if (result === 'failed' || result === 'retried')
        logger.warn({ job, result, reason }, 'a job failed');
    },
  };
}
