import { availableParallelism } from 'node:os';
import { DEFAULT_THREADS, threadsFor } from '@nightjar/config';
import type { RoleContext, RunningRole } from '@nightjar/role';
import { noteConfiguration } from './applied-configuration.js';
import { DemandFeed } from './demand/demand-feed.js';
import { startFront } from './front/front-role.js';
import { ShardList } from './front/orphans.js';
import { processCount } from './front/placement.js';
import { Media } from './media.js';

/** Starts the media role, in this process or as a front with several others. */
export async function startMedia(context: RoleContext): Promise<RunningRole> {
  const { config, logger } = context;
  const threads = threadsFor(config);
  const given = Number(process.env['UV_THREADPOOL_SIZE'] ?? DEFAULT_THREADS);
  if (Object.keys(config.volumes).length > 1 && given < threads)
    logger.warn(`a volume that hangs may hold up the others: set UV_THREADPOOL_SIZE=${threads}`);
  noteConfiguration(context);
  const list = new ShardList(config.dataDir);
  await list.endLeft();
  const cameras = Object.keys(config.cameras).length;
  const count = processCount(config.media.processes, cameras, availableParallelism());
  return count === 1 ? await startAlone(context) : await startFront(context, count, list);
}

/** Everything in this process: serving first, since players and cameras do not wait for each other. */
async function startAlone(context: RoleContext): Promise<RunningRole> {
  const { config, watcher, logger } = context;
  const media = await Media.create(context);
  const { recordings } = media;
  const feed = new DemandFeed(context, media.demands);
  // Before anything is recorded: somebody may have asked for privacy.
  await feed.recall();
  await media.server.listen();
  if (Object.keys(config.users).length === 0)
    logger.warn('no users are configured: everybody may watch');
  media.apply(config.cameras, config.schedules);
  watcher.on('changed', ({ config: next }) => media.apply(next.cameras, next.schedules));
  feed.start();
  await media.record();
  return {
    ready: () => recordings.readiness,
    collect: () => Promise.resolve(media.collect()),
    stop: async () => {
      await feed.stop();
      await media.stop();
    },
  };
}
