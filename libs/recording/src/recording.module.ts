import { metrics } from '@nightjar/monitoring';
import { Module } from '@nestjs/common';
import type { Clock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import type { Logger } from '@nightjar/monitoring';
import { Relay, RelayModule } from '@nightjar/relay';
import { RoleContext } from '@nightjar/role';
import { Archive } from './segments/archive.js';
import { RecordingDemands } from './demand/recording-demands.js';
import { knownVolumesFile } from './volumes/known-volumes.js';
import { accountFigures, recordingMetrics } from './recording-metrics.js';
import { OwnVolumes, RecordingVolumes } from './volumes/recording-volumes.js';
import { Recordings } from './recordings.js';
import { VolumeKeeper } from './volumes/volume-keeper.js';
import { VolumeMonitor } from './volumes/volume-monitor.js';

@Module({
  imports: [RelayModule],
  providers: [
    {
      provide: RecordingDemands,
      inject: [RoleContext],
      useFactory: ({ clock }: RoleContext) => new RecordingDemands(clock),
    },
    {
      provide: Recordings,
      // A process that records for another one brings volumes of its own making.
      inject: [RoleContext, Relay, RecordingDemands, { token: RecordingVolumes, optional: true }],
      useFactory: (
        { config, watcher, clock, logger }: RoleContext,
        relay: Relay,
        demands: RecordingDemands,
        volumes: RecordingVolumes | undefined,
      ) =>
        new Recordings({
          relay,
          demands,
          volumes: volumes ?? ownVolumes(config, clock, logger),
          placement: config.recording.placement,
          settings: config.recording,
          clock,
          log: logger,
          metricsOf: recordingMetrics,
          figuresOf: accountFigures,
          statementDropped: () => metrics.statementsDropped.inc(),
          allCameras: () => watcher.config.cameras,
        }),
    },
    {
      provide: Archive,
      inject: [Recordings],
      useFactory: (recordings: Recordings) => recordings.archive,
    },
  ],
  exports: [Recordings, RecordingDemands, Archive],
})
export class RecordingModule {}

function ownVolumes({ volumes, dataDir }: NightjarConfig, clock: Clock, log: Logger): OwnVolumes {
  const keeper = new VolumeKeeper({
    volumes,
    knownVolumesFile: knownVolumesFile(dataDir),
    clock,
    log,
  });
  const monitor = new VolumeMonitor({ volumes, keeper, metrics: true, clock, log });
  return new OwnVolumes(keeper, monitor);
}
