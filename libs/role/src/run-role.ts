import {
  ConfigError,
  ConfigWatcher,
  loadConfig,
  printIssue,
  type LoadedConfig,
} from '@nightjar/config';
import { messageOf, systemClock } from '@nightjar/common';
import {
  OperationsServer,
  answerParent,
  createLogger,
  localSource,
  metrics,
  type Logger,
  type MetricJson,
  type OperationsSource,
  type Readiness,
} from '@nightjar/monitoring';
import { RoleContext } from './role-context.js';
import { ServiceNotifier } from './service-notifier.js';
import { VERSION } from './version.js';

export type RoleName = 'media' | 'control' | 'worker';

/** A role that serves. */
export interface RunningRole {
  /** Its own duties only. */
  ready(): Readiness | Promise<Readiness>;
  /** Brings figures up to date that are only needed when somebody scrapes. */
  collect?(): Promise<void>;
  /** Everything that is told of this role, given the series of this process; a role with children of its own adds theirs. */
  withChildren?(own: MetricJson[]): Promise<MetricJson[]>;
  /** Stops in order; resolves when nothing is open any more. */
  stop(): Promise<void>;
}

export interface RoleOptions {
  /** Stand in every line of the log, beside the role. */
  readonly logFields?: Readonly<Record<string, string>>;
  /** Whether changes of the configuration are logged here. */
  readonly reportsChanges?: boolean;
}

/** A role that does not stop in this time is ended: the supervisor gives 5 s for all. */
const STOP_TIMEOUT_MS = 4_500;

/**
 * Runs a role as this process: configuration from NIGHTJAR_CONFIG, logger, metrics and health, SIGTERM and SIGHUP. Under
 * the appliance (NIGHTJAR_SUPERVISED=1) it answers its parent instead of opening the operations port. Never returns
 * normally: the process ends with 0 after a stop, with 1 when it could not start.
 */
export async function runRole(
  role: RoleName,
  start: (context: RoleContext) => Promise<RunningRole>,
  { logFields = {}, reportsChanges = true }: RoleOptions = {},
): Promise<void> {
  const file = process.env['NIGHTJAR_CONFIG'] ?? 'nightjar.yaml';
  const { config, text } = await load(file);
  const logger = createLogger({ role, fields: logFields, ...config.log });
  metrics.buildInfo.set({ version: VERSION }, 1);
  const watcher = new ConfigWatcher({ file, config, text });
  if (reportsChanges) reportChanges(watcher, logger);
  // Waiting for a database that is away may be all there is to do.
  const keepAlive = setInterval(() => undefined, 60_000);
  const supervised = process.env['NIGHTJAR_SUPERVISED'] === '1';
  if (!supervised) process.once('SIGINT', () => process.kill(process.pid, 'SIGTERM'));
  process.on('SIGHUP', () => void watcher.reload());
  const stopAsked = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve);
  });
  const notifier = await ServiceNotifier.take(process.env, systemClock, logger);
  let running: RunningRole | undefined;
  let stopping = false;
  const source = sourceOf(role, () => (stopping ? 'stopping' : (running ?? 'starting')));
  const operations = supervised
    ? undefined
    : new OperationsServer({
        ...config.operations,
        sources: [source],
        started: () => running !== undefined,
      });
  try {
    // From the start: who probes must be able to tell a long recovery from a process that hangs.
    if (supervised) answerParent(source);
    await operations?.start();
    notifier.watch();
    running = await start(
      new RoleContext(
        config,
        watcher,
        logger,
        process.env['NIGHTJAR_DATABASE_URL'] ?? config.database.url,
      ),
    );
    await watcher.start();
    // A parent that died meanwhile is noticed by the channel's end, not by an error here.
    process.send?.({ type: 'ready' }, undefined, undefined, () => undefined);
    notifier.ready();
    logger.info({ version: VERSION }, 'started');
    await stopAsked;
    stopping = true;
    notifier.stopping();
    watcher.stop();
    setTimeout(() => {
      logger.error('did not stop in time');
      process.exit(1);
    }, STOP_TIMEOUT_MS).unref();
    await running.stop();
    clearInterval(keepAlive);
    await operations?.stop();
    logger.info('stopped');
    process.exit(0);
  } catch (error) {
    logger.error({ err: error }, messageOf(error));
    process.exit(1);
  }
}

/** What is told of a role while it starts, runs and stops. */
function sourceOf(
  role: RoleName,
  state: () => RunningRole | 'starting' | 'stopping',
): OperationsSource {
  const local = localSource(role, () => {
    const now = state();
    return typeof now === 'string' ? { ready: false, reasons: [now] } : now.ready();
  });
  return {
    ...local,
    metrics: async () => {
      const now = state();
      if (typeof now === 'string') return local.metrics();
      await now.collect?.();
      const own = await local.metrics();
      return (await now.withChildren?.(own)) ?? own;
    },
  };
}

async function load(file: string): Promise<LoadedConfig> {
  try {
    return await loadConfig(file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const issue of error.issues) process.stderr.write(`${printIssue(issue)}\n`);
    process.exit(1);
  }
}

function reportChanges(watcher: ConfigWatcher, logger: Logger): void {
  watcher.on('changed', ({ diff }) => {
    logger.info(
      { cameras: diff.cameras, usersChanged: diff.usersChanged },
      'configuration applied',
    );
    if (diff.restartOnly.length > 0) {
      logger.warn({ keys: diff.restartOnly }, 'these keys take effect after a restart');
    }
  });
  watcher.on('invalid', ({ error }) => {
    logger.error(
      { issues: error.issues.map(printIssue) },
      'invalid configuration, nothing was changed',
    );
  });
  watcher.on('unwatched', (what) =>
    logger.warn(what, 'cannot watch the configuration; send SIGHUP after a change'),
  );
}
