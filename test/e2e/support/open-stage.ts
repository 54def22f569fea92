import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NodeProcess } from './node-process.js';
import { runProgram, type ProgramResult } from './program.js';

const LOG_TAIL_CHARACTERS = 12_000;

/** Everything one scenario starts and writes; {@link close} ends and removes all of it. */
export class Stage {
  private readonly closers: (() => Promise<unknown>)[] = [];
  private readonly processes: NodeProcess[] = [];
  private through: readonly string[] = [];
  private openDoor: (port: number) => Promise<void> = () => Promise.resolve();

  private constructor(readonly directory: string) {}

  static async open(): Promise<Stage> {
    const directory = await mkdtemp(path.join(tmpdir(), 'nightjar-e2e-'));
    return new Stage(directory);
  }

  /** Starts `apps/<app>` in the directory of the stage; does not wait. `through` as in {@link startThrough}, for this one. */
  start(
    app: string,
    args: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
    through = this.through,
  ): NodeProcess {
    const started = new NodeProcess(app, args, env, this.directory, through);
    this.processes.push(started);
    this.defer(() => started.stop());
    return started;
  }

  /**
   * From here on processes are started by this command, whose last arguments they are.
   * @param openDoor makes a port of the loopback interface that they see one of ours
   */
  startThrough(command: readonly string[], openDoor: (port: number) => Promise<void>): void {
    this.through = command;
    this.openDoor = openDoor;
  }

  /** Makes a TCP port of those that are started one of ours, where they are somewhere else. */
  async reach(port: number): Promise<void> {
    await this.openDoor(port);
  }

  /** Runs a program to its end, where the processes of the stage are. */
  async run(
    program: string,
    args: readonly string[],
    options: Parameters<typeof runProgram>[2] = {},
  ): Promise<ProgramResult> {
    const [command = program, ...rest] = [...this.through, program, ...args];
    return await runProgram(command, rest, options);
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
