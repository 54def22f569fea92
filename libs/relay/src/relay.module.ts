import { Module } from '@nestjs/common';
import { AccessModule, AccessPolicy } from '@nightjar/access';
import { metrics } from '@nightjar/monitoring';
import { RoleContext } from '@nightjar/role';
import { LiveResolver } from './live/live-resolver.js';
import { Relay } from './live/relay.js';
import { Publication } from './publish/publication.js';
import { createRtspSource } from './source/rtsp-source.js';
import { StartGate } from './source/start-gate.js';

/** RTCP canonical name of everything this process sends (RFC 3550 s.6.5.1). */
const CNAME = 'nightjar';

@Module({
  imports: [AccessModule],
  providers: [
    {
      provide: Relay,
      inject: [RoleContext],
      useFactory: ({ config, clock, logger }: RoleContext) => {
        const gate = new StartGate(clock);
        return new Relay({
          clock,
          cname: CNAME,
          closeAfterMs: config.rtsp.closeAfterMs,
          gopCacheBytes: config.relay.gopCacheBytes,
          createSource: (camera, stream, settings, sink) =>
            createRtspSource(
              {
                ...settings,
                trust: camera.tls,
                redirectHosts: camera.redirectHosts,
                inactivityMs: camera.inactivityMs,
                reconnect: camera.reconnect,
                gate,
                clock,
                log: logger.child({ camera: camera.name, stream }),
              },
              sink,
            ),
          createPublication: (camera, stream, { secondPublisher }) =>
            new Publication({
              clock,
              secondPublisher,
              inactivityMs: camera.inactivityMs,
              log: logger.child({ camera: camera.name, stream }),
            }),
          onError: ({ camera, stream }, detail) => logger.error({ camera, stream }, detail),
        });
      },
    },
    {
      provide: LiveResolver,
      inject: [RoleContext, Relay, AccessPolicy],
      useFactory: ({ config, clock }: RoleContext, relay: Relay, policy: AccessPolicy) =>
        new LiveResolver({
          relay,
          policy,
          clock,
          startTimeoutMs: config.rtsp.startTimeoutMs,
          maxQueueBytes: config.rtsp.maxReaderQueueBytes,
          onCut: (camera, stream, transport, reason) =>
            metrics.readerCuts.inc({ camera, stream, transport, reason }),
          onSkip: (camera, stream, transport) =>
            metrics.readerSkips.inc({ camera, stream, transport }),
          onReaders: (camera, stream, transport, change) =>
            metrics.readers.inc({ camera, stream, transport }, change),
        }),
    },
  ],
  exports: [AccessModule, Relay, LiveResolver],
})
export class RelayModule {}
