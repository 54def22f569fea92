import { Module } from '@nestjs/common';
import { AccessPolicy, REALM } from '@nightjar/access';
import { metrics } from '@nightjar/monitoring';
import { PlaybackModule, PlaybackResolver } from '@nightjar/playback';
import { DigestAuthenticator, LiveResolver, RelayModule, RtspServer } from '@nightjar/relay';
import { RoleContext } from '@nightjar/role';
import { MediaResolver } from './media-resolver.js';

/** The one RTSP port and what is behind it. */
@Module({
  imports: [RelayModule, PlaybackModule],
  providers: [
    {
      provide: MediaResolver,
      inject: [LiveResolver, PlaybackResolver],
      useFactory: (live: LiveResolver, playback: PlaybackResolver) =>
        new MediaResolver({ playback }, live),
    },
    {
      provide: RtspServer,
      inject: [RoleContext, AccessPolicy, MediaResolver],
      useFactory: (
        { config, clock, logger }: RoleContext,
        policy: AccessPolicy,
        resolver: MediaResolver,
      ) =>
        new RtspServer({
          ...config.rtsp,
          resolver,
          authenticator: new DigestAuthenticator(policy, {
            realm: REALM,
            now: () => clock.wallMs(),
          }),
          clock,
          events: {
            request: (method, status) =>
              metrics.rtspRequests.inc({ method, status: String(status) }),
            failed: (error) => logger.error({ err: error }, 'RTSP request failed'),
          },
        }),
    },
  ],
  exports: [RtspServer],
})
export class RtspFrontModule {}
