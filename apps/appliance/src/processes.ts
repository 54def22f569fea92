import { networkInterfaces } from 'node:os';
import type { Clock } from '@nightjar/common';
import type { PostgresServer } from '@nightjar/data-directory';
import { childSource, type Logger, type OperationsSource } from '@nightjar/monitoring';
import { CHILD_GUARD, ForkedProcess, KeptProcess, type StopPlan } from '@nightjar/supervision';
import { fileURLToPath } from 'node:url';
import type { Login } from './demo.js';

export type Role = 'media' | 'control' | 'worker';

/** Stopping one after the other at worst takes the sum of these: below the 5 s that a stop may take. */
const GRACE_MS = { control: 900, worker: 900, media: 2_000, camsim: 700, postgres: 700 } as const;

const rolePlan = (name: keyof typeof GRACE_MS): StopPlan => ({
  polite: 'SIGTERM',
  force: 'SIGKILL',
  graceMs: GRACE_MS[name],
});

/** SIGINT is a fast shutdown; SIGQUIT an immediate one, after which the next start replays the log. */
const POSTGRES_PLAN: StopPlan = {
  polite: 'SIGINT',
  force: 'SIGQUIT',
  graceMs: GRACE_MS.postgres,
};

const moduleOf = (app: string): string =>
  fileURLToPath(new URL(`../../${app}/src/main.js`, import.meta.url));

export interface ProcessContext {
  readonly clock: Clock;
  readonly log: Logger;
}

/** One of our roles as a child, and its face for monitoring. */
export function roleProcess(
  role: Role,
  env: NodeJS.ProcessEnv,
  { clock, log }: ProcessContext,
): { readonly kept: KeptProcess; readonly source: OperationsSource } {
  const port = new ForkedProcess({
    module: moduleOf(role),
    env,
    showStdout: true,
    guard: CHILD_GUARD,
  });
  return {
    kept: new KeptProcess(role, port, rolePlan(role), clock, log),
    source: childSource(role, () => port.child),
  };
}

/** The simulated cameras of the demo. */
export function cameraProcess(
  cameraPort: number,
  { username, password }: Login,
  { clock, log }: ProcessContext,
): KeptProcess {
  const port = new ForkedProcess({
    module: moduleOf('camsim'),
    args: [
      '--listen',
      `127.0.0.1:${cameraPort}`,
      '--control',
      '127.0.0.1:0',
      '--onvif',
      '0',
      // Found by discovery, but by nobody else on the network.
      ...loopbackInterfaces().flatMap((name) => ['--discovery', name]),
    ],
    env: { ...process.env, CAMSIM_USERNAME: username, CAMSIM_PASSWORD: password },
    showStdout: false,
    guard: CHILD_GUARD,
  });
  return new KeptProcess('camsim', port, rolePlan('camsim'), clock, log);
}

function loopbackInterfaces(): string[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    addresses?.some(({ internal, family }) => internal && family === 'IPv4') === true ? [name] : [],
  );
}

export function postgresProcess(
  server: PostgresServer,
  { clock, log }: ProcessContext,
): KeptProcess {
  return new KeptProcess('postgres', server, POSTGRES_PLAN, clock, log);
}
