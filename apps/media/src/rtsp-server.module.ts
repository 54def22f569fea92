import { Module } from '@nestjs/common';
import { AccessPolicy, Logins, REALM } from '@nightjar/access';
import { FilesModule, FilesResolver } from '@nightjar/files';
import { metrics } from '@nightjar/monitoring';
import { PlaybackModule, PlaybackResolver } from '@nightjar/playback';
import {
  UserAuthenticator,
  LiveResolver,
  RelayModule,
  RtspServer,
  ServerLimits,
  StreamRates,
} from '@nightjar/relay';
import { RoleContext } from '@nightjar/role';
import { FILES_PREFIX, PLAYBACK_PREFIX } from './media-paths.js';
import { MediaResolver } from './media-resolver.js';
import { RtspPorts } from './rtsp-ports.js';
import { ShardPlace } from './shard/shard.module.js';

/** The RTSP server and what is behind it. */
@Module({
  imports: [RelayModule, PlaybackModule, FilesModule],
  providers: [
    {
      provide: MediaResolver,
      inject: [LiveResolver, PlaybackResolver, FilesResolver],
      useFactory: (live: LiveResolver, playback: PlaybackResolver, files: FilesResolver) =>
        new MediaResolver({ [PLAYBACK_PREFIX]: playback, [FILES_PREFIX]: files }, live),
    },
    {
      provide: RtspPorts,
      inject: [RoleContext, { token: ShardPlace, optional: true }],
      useFactory: (context: RoleContext, shard: ShardPlace | undefined) =>
        shard === undefined ? RtspPorts.open(context) : RtspPorts.behindFront(context),
    },
    {
      provide: RtspServer,
      inject: [
        RoleContext,
        AccessPolicy,
        Logins,
        MediaResolver,
        RtspPorts,
        StreamRates,
        { token: ShardPlace, optional: true },
      ],
      useFactory: (
        { config, watcher, clock, logger }: RoleContext,
        policy: AccessPolicy,
        logins: Logins,
        resolver: MediaResolver,
        { doorway, tlsPort }: RtspPorts,
        rates: StreamRates,
        shard: ShardPlace | undefined,
      ) =>
        new RtspServer({
          ...config.rtsp,
          doorway,
          tlsPort,
          resolver,
          shard,
          elsewhere: shard?.elsewhere,
          authenticator: new UserAuthenticator(policy, {
            realm: REALM,
            now: () => clock.wallMs(),
            logins,
          }),
          limits: new ServerLimits({
            limits: () => watcher.config.limits,
            processes: shard?.count ?? 1,
            clock,
            rates,
            refused: (limit) => metrics.limitRefusals.inc({ limit }),
          }),
          admits: (address) => policy.admits(address),
          mayGoOn: (principal, { action, camera, span }) =>
            policy.decide(principal, action, camera, span) === 'allow',
          clock,
          events: {
            request: (method, status) =>
              metrics.rtspRequests.inc({ method, status: String(status) }),
            took: (method, ms) => metrics.rtspRequestDurationSeconds.observe({ method }, ms / 1000),
            udpDropped: (reason, packets) => metrics.udpPacketsDropped.inc({ reason }, packets),
            failed: (error) => logger.error({ err: error }, 'RTSP request failed'),
          },
        }),
    },
  ],
  exports: [RtspServer, RtspPorts],
})
export class RtspServerModule {}
