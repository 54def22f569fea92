import { Module } from '@nestjs/common';
import { Relay, RelayModule } from '@nightjar/relay';
import { RoleContext } from '@nightjar/role';
import { Archive } from './archive.js';
import { RecordingDemands } from './demand/recording-demands.js';
import { knownVolumesFile } from './known-volumes.js';
import { accountFigures, recordingMetrics } from './recording-metrics.js';
import { OwnVolumes, RecordingVolumes } from './recording-volumes.js';
import { Recordings } from './recordings.js';
import { VolumeKeeper } from './volume-keeper.js';

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
          volumeNames: Object.keys(config.volumes),
          volumes:
            volumes ??
            new OwnVolumes(
              new VolumeKeeper({
                volumes: config.volumes,
                knownVolumesFile: knownVolumesFile(config.dataDir),
                clock,
                log: logger,
              }),
            ),
          settings: config.recording,
          clock,
          log: logger,
          metricsOf: recordingMetrics,
          figuresOf: accountFigures,
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
