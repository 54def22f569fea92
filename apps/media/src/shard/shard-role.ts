import type { MonotonicMs } from '@nightjar/common';
import type { RoleContext, RunningRole } from '@nightjar/role';
import { channelToParent } from '@nightjar/supervision';
import { tellAll } from '../demand/signal-board.js';
import { cameraOfUri } from '../front/first-line.js';
import { Media } from '../media.js';
import { FrontLink } from './front-link.js';
import { LoadMeter } from './load-meter.js';
import { OwnCameras } from './own-cameras.js';
import { ShardModule } from './shard.module.js';

/** How often the front is told the load of the cameras. */
const LOAD_INTERVAL_MS = 5_000;

/**
 * Starts one of several media processes: the media role for the cameras that the front gives it, without a port.
 * @param index of this one, from 0
 */
export async function startShard(
  context: RoleContext,
  { index, count }: { readonly index: number; readonly count: number },
): Promise<RunningRole> {
  const { config, watcher, clock, logger } = context;
  const channel = channelToParent();
  // Nobody keeps the journals any more, and nobody will bring connections: what is on the disk is recovered by the next front.
  channel.onGone(() => process.exit(1));
  const front = new FrontLink(channel);
  const media = await Media.create(context, [
    ShardModule.with(
      {
        index,
        count,
        elsewhere: {
          serves: (uri) => {
            const camera = cameraOfUri(uri);
            return camera !== undefined && own.isElsewhere(camera);
          },
          take: (socket, unread, peer) => front.giveBack({ socket, head: unread, peer }),
          refused: (uri) =>
            logger.warn(
              { camera: cameraOfUri(uri) },
              'refused a request for a camera of another process: its connection carries sessions of this one',
            ),
        },
      },
      front.volumes,
    ),
  ]);
  const own: OwnCameras = new OwnCameras(config.cameras, (cameras) =>
    media.apply(cameras, watcher.config.schedules),
  );
  watcher.on('changed', ({ config: next }) => own.configure(next.cameras));
  await media.server.open();
  front.listen({
    connection: ({ socket, head, peer }) => media.server.adopt(socket, head, peer),
    cameras: (names) => own.assign(names),
    signals: media.demands,
  });
  // Before anything is recorded: somebody may have asked for privacy.
  tellAll(await front.signals(), media.demands);
  own.assign(await front.cameras());
  front.serving();

  const meter = new LoadMeter();
  let measuredAt: MonotonicMs = clock.monotonicMs();
  const measure = (): void => {
    const now = clock.monotonicMs();
    front.load(meter.read(media.relay.all(), Math.max(now - measuredAt, 1) / 1000));
    measuredAt = now;
    timer = clock.setTimer(LOAD_INTERVAL_MS, measure);
  };
  let timer = clock.setTimer(LOAD_INTERVAL_MS, measure);
  await media.record();
  return {
    // The front tells of the volumes.
    ready: () => ({ ready: true, reasons: [] }),
    collect: () => Promise.resolve(media.collect()),
    stop: async () => {
      timer.cancel();
      await media.stop();
    },
  };
}
