import { NestFactory } from '@nestjs/core';
import { NestLogger, metrics, removeCameraSeries } from '@nightjar/monitoring';
import { Recordings } from '@nightjar/recording';
import { Relay, RelayMetrics, RtspServer } from '@nightjar/relay';
import { RoleModule, type RoleContext, type RunningRole } from '@nightjar/role';
import { MediaModule } from './media.module.js';

/** Starts the media role: serving first, since players and cameras do not wait for each other. */
export async function startMedia(context: RoleContext): Promise<RunningRole> {
  const { config, watcher, logger } = context;
  const app = await NestFactory.createApplicationContext(
    { module: MediaModule, imports: [RoleModule.with(context)] },
    { logger: new NestLogger(logger), abortOnError: false },
  );
  const relay = app.get(Relay);
  const server = app.get(RtspServer);
  const recordings = app.get(Recordings);
  await server.listen();
  if (Object.keys(config.users).length === 0)
    logger.warn('no users are configured: everybody may watch');
  relay.apply(config.cameras);
  await recordings.start();
  await recordings.apply(config.cameras);
  watcher.on('changed', ({ config: next, diff }) => {
    relay.apply(next.cameras);
    void recordings.apply(next.cameras);
    for (const camera of diff.cameras.removed) void removeCameraSeries(camera);
  });
  const figures = new RelayMetrics(relay);
  return {
    ready: () => ({ ready: recordings.problems.length === 0, reasons: recordings.problems }),
    collect: async () => {
      figures.collect();
      metrics.rtspSessions.set(server.countSessions('tcp') + server.countSessions('udp'));
      await recordings.collect();
    },
    stop: async () => {
      await server.close();
      await recordings.stop();
      await relay.close();
      await app.close();
    },
  };
}
