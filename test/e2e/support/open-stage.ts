import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NodeProcess } from './node-process.js';

const LOG_TAIL_CHARACTERS = 12_000;

/** Everything one scenario starts and writes; {@link close} ends and removes all of it. */
export class Stage {
  private readonly closers: (() => Promise<unknown>)[] = [];
  private readonly processes: NodeProcess[] = [];
  private through: readonly string[] = [];

  private constructor(readonly directory: string) {}

  static async open(): Promise<Stage> {
    const directory = await mkdtemp(path.join(tmpdir(), 'nightjar-e2e-'));
    return new Stage(directory);
  }

  /** Starts `apps/<app>` in the directory of the stage; does not wait. */
  start(app: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): NodeProcess {
    const started = new NodeProcess(app, args, env, this.directory, this.through);
    this.processes.push(started);
    this.defer(() => started.stop());
    return started;
  }

  /** From here on processes are started by this command, whose last arguments they are. */
  startThrough(command: readonly string[]): void {
    this.through = command;
  }

  /** Runs `close` at the end, last first. */
  defer(close: () => Promise<unknown>): void {
    this.closers.push(close);
  }

  /** What all processes of one program wrote. */
  log(app: string): string {
    return this.processes
      .filter((started) => started.app === app)
      .map(({ log }) => log)
      .join('');
  }

  /** Ends all processes of one program in order. */
  async stop(app: string): Promise<void> {
    for (const started of this.processes) if (started.app === app) await started.stop();
  }

  showLogs(): void {
    for (const { app, pid, log } of this.processes) {
      process.stderr.write(`--- ${app} (${pid}) ---\n${log.slice(-LOG_TAIL_CHARACTERS)}\n`);
    }
  }

  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.closers.splice(0).toReversed()) {
      await close().catch((error: unknown) => failures.push(error));
    }
    await rm(this.directory, { recursive: true, force: true });
    if (failures.length > 0)
      throw new AggregateError(failures, `could not end in order: ${failures.join('; ')}`);
  }
}
