import { afterAll, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { within } from './eventually.js';
import { NodeProcess } from './node-process.js';

/** What ending everything may take on top of a scenario. */
const CLOSE_LIMIT_MS = 20_000;
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

/** A test with a stage of its own. Shows the logs of its processes when it fails. */
export function scenario(
  name: string,
  limitMs: number,
  play: (stage: Stage) => Promise<void>,
): void {
  it(
    name,
    async () => {
      const stage = await Stage.open();
      try {
        await within(limitMs, 'the scenario', play(stage));
      } catch (error) {
        stage.showLogs();
        await stage.close().catch(() => undefined);
        throw error;
      }
      await stage.close();
    },
    limitMs + CLOSE_LIMIT_MS,
  );
}

/** Tests that look at one and the same stage, which the first of them sets up. */
export function sharedStage<T>(
  setUpLimitMs: number,
  setUp: (stage: Stage) => Promise<T>,
): (name: string, limitMs: number, play: (set: T, stage: Stage) => Promise<void>) => void {
  let opened: Promise<Stage> | undefined;
  let prepared: Promise<T> | undefined;
  afterAll(async () => {
    await (await opened)?.close();
  }, CLOSE_LIMIT_MS);
  return (name, limitMs, play) => {
    it(
      name,
      async () => {
        opened ??= Stage.open();
        const stage = await opened;
        try {
          prepared ??= within(setUpLimitMs, 'setting up', setUp(stage));
          await within(limitMs, 'the scenario', play(await prepared, stage));
        } catch (error) {
          stage.showLogs();
          throw error;
        }
      },
      setUpLimitMs + limitMs,
    );
  };
}
