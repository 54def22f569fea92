import { Module } from '@nestjs/common';
import { AccessModule, AccessPolicy } from '@nightjar/access';
import type { LimitsConfig } from '@nightjar/config';
import { metrics } from '@nightjar/monitoring';
import { RoleContext } from '@nightjar/role';
import { LiveResolver } from './live/live-resolver.js';
import { Relay } from './live/relay.js';
import { Publication } from './publish/publication.js';
import { createRtspSource } from './source/rtsp-source.js';
import { CameraSlots } from './limits/camera-slots.js';
import { StreamRates } from './limits/stream-rates.js';
import { CameraAccounts } from './source/camera-accounts.js';
import { StartGate } from './source/start-gate.js';

/** RTCP canonical name of everything this process sends (RFC 3550 s.6.5.1). */
const CNAME = 'nightjar';

@Module({
  imports: [AccessModule],
  providers: [
    {
      provide: CameraSlots,
      inject: [RoleContext],
      useFactory: ({ watcher }: RoleContext) =>
        new CameraSlots(
          () => watcher.config.limits.cameraConnections,
          () => metrics.limitRefusals.inc({ limit: 'camera-connections' }),
        ),
    },
    {
      provide: Relay,
      inject: [RoleContext, CameraSlots],
      useFactory: ({ config, watcher, clock, logger }: RoleContext, slots: CameraSlots) => {
        const limits = (): LimitsConfig => watcher.config.limits;
        const gate = new StartGate(clock, { concurrent: () => limits().startingCameras });
        const accounts = new CameraAccounts(clock);
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
                accounts,
                slots,
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
          onShown: ({ camera, stream }, shown) => {
            const labels = { camera, stream };
            for (const kind of ['slate', 'fallback'] as const)
              metrics.standIn.set({ ...labels, kind }, shown === kind ? 1 : 0);
            if (shown !== 'slate' && shown !== 'fallback') return;
            metrics.standIns.inc({ ...labels, kind: shown });
            logger.warn({ camera, stream, shown }, 'players see something in place of the camera');
          },
          onUnfit: ({ camera, stream }, fallback, reason) => {
            metrics.standInFailures.inc({ camera, stream, reason });
            logger.warn(
              { camera, stream, fallback },
              reason === 'codecs'
                ? 'the other stream cannot take the place of the camera: its codec is another, so players wait as with hold'
                : 'the other stream cannot take the place of the camera: another media process has it until the next start',
            );
          },
          onMismatch: ({ camera, stream }, fallback) =>
            logger.warn(
              { camera, stream, fallback },
              'the other stream could not take the place of the camera: its codec is another, so players would wait as with hold',
            ),
          onTalk: (camera, stream, what, user) =>
            logger.info({ camera, stream, user }, `somebody ${what} to talk to the camera`),
          onError: ({ camera, stream }, detail) => logger.error({ camera, stream }, detail),
        });
      },
    },
    {
      provide: StreamRates,
      inject: [RoleContext, Relay],
      useFactory: ({ clock }: RoleContext, relay: Relay) =>
        new StreamRates(clock, () => relay.all()),
    },
    {
      provide: LiveResolver,
      inject: [RoleContext, Relay, AccessPolicy, StreamRates],
      useFactory: (
        { config, watcher, clock }: RoleContext,
        relay: Relay,
        policy: AccessPolicy,
        rates: StreamRates,
      ) =>
        new LiveResolver({
          relay,
          rates,
          maxReaderBytesPerSecond: () => watcher.config.limits.readerBytesPerSecond,
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
  exports: [AccessModule, CameraSlots, Relay, LiveResolver, StreamRates],
})
export class RelayModule {}
