import { Module } from '@nestjs/common';
import { AccessModule, AccessPolicy } from '@nightjar/access';
import { metrics } from '@nightjar/monitoring';
import { Archive, RecordingModule } from '@nightjar/recording';
import { RoleContext } from '@nightjar/role';
import { PlaybackResolver } from './playback-resolver.js';

/** RTCP canonical name of replayed streams (RFC 3550 s.6.5.1). */
const CNAME = 'nightjar-playback';

@Module({
  imports: [AccessModule, RecordingModule],
  providers: [
    {
      provide: PlaybackResolver,
      inject: [RoleContext, Archive, AccessPolicy],
      useFactory: (
        { watcher, clock, logger }: RoleContext,
        archive: Archive,
        policy: AccessPolicy,
      ) =>
        new PlaybackResolver({
          archive,
          policy,
          clock,
          cname: CNAME,
          recordedStream: (camera) => watcher.config.cameras[camera]?.record[0]?.stream,
          onError: (camera, error) => logger.error({ camera, err: error }, 'playback failed'),
          onSessions: (change) => metrics.playbackSessions.inc(change),
        }),
    },
  ],
  exports: [PlaybackResolver],
})
export class PlaybackModule {}
