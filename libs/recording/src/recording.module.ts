import { Module } from '@nestjs/common';
import { Relay, RelayModule } from '@nightjar/relay';
import { RoleContext } from '@nightjar/role';
import { Archive } from './archive.js';
import { knownVolumesFile } from './known-volumes.js';
import { recordingMetrics } from './recording-metrics.js';
import { Recordings } from './recordings.js';

@Module({
  imports: [RelayModule],
  providers: [
    {
      provide: Recordings,
      inject: [RoleContext, Relay],
      useFactory: ({ config, clock, logger }: RoleContext, relay: Relay) =>
        new Recordings({
          relay,
          volumes: config.volumes,
          knownVolumesFile: knownVolumesFile(config.dataDir),
          settings: config.recording,
          clock,
          log: logger,
          metricsOf: recordingMetrics,
        }),
    },
    {
      provide: Archive,
      inject: [Recordings],
      useFactory: (recordings: Recordings) => recordings.archive,
    },
  ],
  exports: [Recordings, Archive],
})
export class RecordingModule {}
