import { Module } from '@nestjs/common';
import {
  AccessPolicy,
  AuditTrail,
  Logins,
  REALM,
  type Action,
  type AuditSubject,
  type FootageSpan,
} from '@nightjar/access';
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
  type ServedClient,
} from '@nightjar/relay';
import { RoleContext } from '@nightjar/role';
import { FILES_PREFIX, PLAYBACK_PREFIX } from './media-paths.js';
import { MediaResolver } from './media-resolver.js';
import { RtspPorts } from './rtsp-ports.js';
import { ShardPlace } from './shard/shard.module.js';

/** What is begun too often to be written down each time: to watch. */
function isNoted(action: Action): action is 'playback' | 'publish' | 'talk' {
  return action === 'playback' || action === 'publish' || action === 'talk';
}

function noted({ principal, address }: ServedClient, camera: string | undefined): AuditSubject {
  return { principal, address, protocol: 'rtsp', camera };
}

/** The ends that were asked for. */
function rangeOf({ startMs, endMs }: FootageSpan = { startMs: -Infinity, endMs: Infinity }) {
  const ends = Object.entries({ start: startMs, end: endMs }).filter(([, ms]) =>
    Number.isFinite(ms),
  );
  return Object.fromEntries(ends.map(([name, ms]) => [name, new Date(ms).toISOString()]));
}

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
        AuditTrail,
        MediaResolver,
        RtspPorts,
        StreamRates,
        { token: ShardPlace, optional: true },
      ],
      useFactory: (
        { config, watcher, clock, logger }: RoleContext,
        policy: AccessPolicy,
        logins: Logins,
        trail: AuditTrail,
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
            granted: (access, client) => {
              for (const { action, camera, span } of access)
                if (isNoted(action))
                  trail.note(action, { ...noted(client, camera), data: rangeOf(span) });
            },
            denied: ({ action, camera }, client) =>
              trail.note('denied', { ...noted(client, camera), data: { action } }),
            failed: (error) => logger.error({ err: error }, 'RTSP request failed'),
          },
        }),
    },
  ],
  exports: [RtspServer, RtspPorts],
})
export class RtspServerModule {}
