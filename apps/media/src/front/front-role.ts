import { messageOf, type Clock, type Timer } from '@nightjar/common';
import { threadsFor, type NightjarConfig } from '@nightjar/config';
import { childSource, labelProcess, metrics, type Logger } from '@nightjar/monitoring';
import {
  collectVolumes,
  isWritable,
  knownVolumesFile,
  VolumeKeeper,
  VolumeMonitor,
  type Writer,
} from '@nightjar/recording';
import { limitOf, RETRY_AFTER_SECONDS, SilentConnections } from '@nightjar/relay';
import type { RoleContext, RunningRole } from '@nightjar/role';
import { channelToChild, CHILD_GUARD, ForkedProcess, type StopPlan } from '@nightjar/supervision';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { DemandFeed } from '../demand/demand-feed.js';
import { SignalBoard } from '../demand/signal-board.js';
import { SHARD_COUNT_VARIABLE, SHARD_VARIABLE, type FrontCalls } from '../ipc/messages.js';
import { RtspPorts } from '../rtsp-ports.js';
import { FrontDoor } from './front-door.js';
import { pairsOf } from './placement.js';
import { LoadBook } from './load-book.js';
import type { ShardList } from './orphans.js';
import { ShardSlot } from './shard-slot.js';
import { Shards, type Shard } from './shards.js';

/** Below what the appliance gives the media role. */
const SHARD_STOP: StopPlan = { polite: 'SIGTERM', force: 'SIGKILL', graceMs: 1_700 };
/** Below what those wait who ask the front. */
const SHARD_ANSWER_MS = 1_500;
/** The role is there when all shards are, or after this: one that does not come up must not hide the others. */
const START_WAIT_MS = 10_000;
/** A crash costs so much of what was measured. */
const SAVE_LOADS_MS = 60_000;
const SHARD_MAIN = fileURLToPath(new URL('../shard/main.js', import.meta.url));

/** The media role as several processes: this one has the port and the journals, `count` others have the cameras. */
export async function startFront(
  context: RoleContext,
  count: number,
  list: ShardList,
): Promise<RunningRole> {
  const { config, watcher, clock, logger } = context;
  const keeper = new VolumeKeeper({
    volumes: config.volumes,
    knownVolumesFile: knownVolumesFile(config.dataDir),
    clock,
    log: logger,
  });
  const monitor = new VolumeMonitor({
    volumes: config.volumes,
    keeper,
    metrics: true,
    clock,
    log: logger,
  });
  const book = LoadBook.open(path.join(config.dataDir, 'media-load.json'), clock);
  const board = new SignalBoard(clock);
  const ports = await RtspPorts.open(context);
  const silent = new SilentConnections(
    clock,
    () => watcher.config.limits,
    (how) => metrics.limitRefusals.inc({ limit: limitOf(how) }),
  );
  const door: FrontDoor = new FrontDoor({
    ...config.rtsp,
    doorway: ports.doorway,
    tlsPort: ports.tlsPort,
    clock,
    silent,
    arrived: (arrival, camera) => shards.handOver(arrival, camera),
    ended: (result) => metrics.rtspHandoffs.inc({ result }),
    failed: (error) => logger.error({ err: error }, 'the RTSP port failed'),
  });
  const all = Array.from({ length: count }, (_, index) =>
    createShard(index, { context, count, keeper, monitor, book, door, list, board }),
  );
  const shards = new Shards(
    all.map(({ shard }) => shard),
    book,
    logger,
  );
  const slots = all.map(({ shard }) => shard.slot);

  for (const { signals } of slots) board.passOnTo(signals);
  const feed = new DemandFeed(context, board);
  await feed.recall();

  await door.listen();
  if (Object.keys(config.users).length === 0)
    logger.warn('no users are configured: everybody may watch');
  const assign = ({ cameras }: Pick<NightjarConfig, 'cameras'>): void =>
    shards.assign(Object.keys(cameras), pairsOf(cameras));
  assign(config);
  watcher.on('changed', ({ config: next }) => assign(next));
  process.on('SIGHUP', () => {
    for (const one of all) one.hangUp();
  });
  monitor.onChange(() => {
    for (const slot of slots) slot.tellVolumes(monitor.statuses);
  });
  const volumesKnown = monitor.start();
  for (const slot of slots) slot.kept.start();
  feed.start();
  const saving = saveLoads(book, clock, logger);
  await atMost(START_WAIT_MS, clock, Promise.all(slots.map(({ kept }) => kept.firstReady)));
  await volumesKnown;
  logger.info({ shards: count }, 'the media role runs as several processes');
  return {
    ready: async () => {
      const down = await shards.problems();
      const { statuses } = monitor;
      const volumes = statuses.flatMap(({ name, problem }) =>
        problem === undefined ? [] : [`volume ${name}: ${problem.message}`],
      );
      return {
        ready: down.length === 0 && statuses.some(isWritable),
        reasons: [...down, ...volumes],
      };
    },
    collect: async () => {
      shards.collect();
      metrics.rtspSilentConnections.set(silent.size);
      collectVolumes(monitor.statuses);
    },
    withChildren: async (own) => [...labelProcess('front', own), ...(await shards.series())],
    stop: async () => {
      door.close();
      await ports.close();
      await feed.stop();
      await Promise.all(slots.map((slot) => slot.stop()));
      void monitor.stop();
      await keeper.close();
      saving.end();
    },
  };
}

interface ShardSurroundings {
  readonly context: RoleContext;
  readonly count: number;
  readonly keeper: VolumeKeeper;
  readonly monitor: VolumeMonitor;
  readonly book: LoadBook;
  readonly door: FrontDoor;
  readonly list: ShardList;
  readonly board: SignalBoard;
}

function createShard(
  index: number,
  {
    context: { config, clock, logger },
    count,
    keeper,
    monitor,
    book,
    door,
    list,
    board,
  }: ShardSurroundings,
): { readonly shard: Shard; hangUp(): void } {
  const env = {
    ...process.env,
    NIGHTJAR_SUPERVISED: '1',
    [SHARD_VARIABLE]: String(index),
    [SHARD_COUNT_VARIABLE]: String(count),
    UV_THREADPOOL_SIZE: String(threadsFor(config)),
  };
  const fork = new ForkedProcess({ module: SHARD_MAIN, env, showStdout: true, guard: CHILD_GUARD });
  const slot = new ShardSlot({
    index,
    start: () => {
      const running = fork.start();
      try {
        if (running.pid !== undefined) list.note(index, running.pid);
      } catch (error) {
        logger.warn({ err: messageOf(error) }, 'the media processes cannot be listed');
      }
      return { running, channel: channelToChild(fork.child!) };
    },
    stopPlan: SHARD_STOP,
    clock,
    log: logger,
    retrySeconds: RETRY_AFTER_SECONDS,
    callsFor: (writer) => ({
      ...volumeCalls(keeper, monitor, writer),
      signals: () => Promise.resolve(board.state),
    }),
    gone: (writer) => keeper.recoverFrom(writer),
    measured: (bytesPerSecond) => book.report(bytesPerSecond),
    returned: (connection) => {
      metrics.rtspHandoffs.inc({ result: 'returned' });
      door.admit(connection);
    },
    handedOver: (result) => metrics.rtspHandoffs.inc({ result }),
  });
  return {
    shard: { slot, source: childSource('media', () => fork.child, clock, SHARD_ANSWER_MS) },
    hangUp: () => void fork.child?.kill('SIGHUP'),
  };
}

function volumeCalls(
  keeper: VolumeKeeper,
  monitor: VolumeMonitor,
  writer: Writer,
): Omit<FrontCalls, 'cameras' | 'signals'> {
  return {
    openVolume: async ({ name }) => {
      const { id, root } = await keeper.open(name);
      return { id, root };
    },
    volumes: () => Promise.resolve(monitor.statuses),
    volumeFailed: ({ name, problem }) => {
      monitor.failed(name, problem);
      return Promise.resolve();
    },
    append: ({ volume, record }) => keeper.append(volume, record, writer),
    accounts: ({ volume }) => keeper.accounts(volume),
  };
}

/** Writes the loads down now and then, and at the end. */
function saveLoads(book: LoadBook, clock: Clock, logger: Logger): { end(): void } {
  let timer: Timer;
  const save = (): void => {
    try {
      book.save();
    } catch (error) {
      logger.warn({ err: messageOf(error) }, 'the load of the cameras cannot be remembered');
    }
  };
  const next = (): void => {
    timer = clock.setTimer(SAVE_LOADS_MS, () => {
      save();
      next();
    });
  };
  next();
  return {
    end: () => {
      timer.cancel();
      save();
    },
  };
}

async function atMost(ms: number, clock: Clock, work: Promise<unknown>): Promise<void> {
  let timer: Timer | undefined;
  const late = new Promise<void>((resolve) => {
    timer = clock.setTimer(ms, resolve);
  });
  await Promise.race([work, late]);
  timer?.cancel();
}
