import { runMigrations } from '@nightjar/catalog';
import { systemClock } from '@nightjar/common';
import { printIssue, threadsFor, type LoadedConfig } from '@nightjar/config';
import { PostgresServer } from '@nightjar/data-directory';
import { createLogger, localSource, OperationsServer } from '@nightjar/monitoring';
import { ServiceNotifier } from '@nightjar/role';
import type { Login } from './demo.js';
import { cameraProcess, postgresProcess, roleProcess } from './processes.js';
import { Supervisor } from './supervisor.js';

const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

export interface MachineOptions {
  readonly loaded: LoadedConfig;
  /** Environment of the roles, with NIGHTJAR_CONFIG and NIGHTJAR_DATA_DIR. */
  readonly environment: NodeJS.ProcessEnv;
  /** Simulated cameras to run as well. */
  readonly cameras: { readonly port: number; readonly login: Login } | undefined;
  /** Called once, when live streams are served. */
  readonly onServing: () => void;
}

/** Puts the supervisor on real processes, signals and sockets and runs it. Settles and throws as {@link Supervisor.run}. */
export async function runMachine(options: MachineOptions): Promise<number> {
  const { config, warnings } = options.loaded;
  const log = createLogger({ role: 'appliance', ...config.log });
  for (const warning of warnings) log.warn(printIssue(warning));
  const context = { clock: systemClock, log };
  // `environment` is a copy of it, made before: the roles speak to nobody but us.
  const notifier = await ServiceNotifier.take(process.env, systemClock, log);

  const own =
    config.database.url === undefined
      ? await PostgresServer.choose(config.dataDir, log)
      : undefined;
  const databaseUrl = own?.url ?? config.database.url ?? '';
  const environment = {
    ...options.environment,
    NOTIFY_SOCKET: undefined,
    NIGHTJAR_DATABASE_URL: databaseUrl,
    NIGHTJAR_SUPERVISED: '1',
    UV_THREADPOOL_SIZE: process.env['UV_THREADPOOL_SIZE'] ?? String(threadsFor(config)),
  };
  const media = roleProcess('media', environment, context);
  const control = roleProcess('control', environment, context);
  const worker = roleProcess('worker', environment, context);
  const { cameras } = options;
  const supervisor = new Supervisor(
    {
      media: media.kept,
      control: control.kept,
      worker: worker.kept,
      postgres: own && postgresProcess(own, context),
      cameras: cameras && cameraProcess(cameras.port, cameras.login, context),
    },
    { prepare: async () => own?.prepare(), migrate: () => runMigrations(databaseUrl) },
    systemClock,
    log,
  );
  let serving = false;
  const operations = new OperationsServer({
    ...config.operations,
    sources: [
      localSource('appliance', () => supervisor.readiness()),
      media.source,
      control.source,
      worker.source,
    ],
    started: () => serving,
  });
  await operations.start();
  notifier.watch();
  void media.kept.firstReady.then(() => {
    serving = true;
    notifier.ready();
    options.onServing();
  });
  const onSignal = (): void => {
    notifier.stopping();
    supervisor.signal();
  };
  for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  try {
    return await supervisor.run();
  } finally {
    for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
    await operations.stop();
    notifier.close();
  }
}
