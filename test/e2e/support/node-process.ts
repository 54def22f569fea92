import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { within } from './eventually.js';

/** What `nest build` made. */
export const DIST = path.resolve(import.meta.dirname, '../../../dist/apps');
/** Ends a child in order when the test process is gone. */
const GUARD = pathToFileURL(path.join(DIST, '../libs/supervision/src/child-guard.js')).href;
const START_LIMIT_MS = 15_000;
const STOP_LIMIT_MS = 8_000;

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One of our programs as a child process, with all it wrote. */
export class NodeProcess {
  readonly exited: Promise<Exit>;
  private readonly child: ChildProcess;
  private readonly said: string[] = [];
  private readonly messages: unknown[] = [];
  private ended: Exit | undefined;
  private readonly waiting: (() => void)[] = [];

  /**
   * @param app folder below `apps`, whose `main.js` is run in `directory`
   * @param through a command that runs what its last arguments are; empty: none
   */
  constructor(
    readonly app: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
    directory: string,
    through: readonly string[] = [],
  ) {
    const [execPath, ...command] = [...through, process.execPath];
    this.child = fork(path.join(DIST, app, 'src/main.js'), args, {
      cwd: directory,
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      execPath,
      execArgv: [...command, '--import', GUARD],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const hear = (chunk: Buffer): void => {
      this.said.push(chunk.toString());
      this.wake();
    };
    this.child.stdout?.on('data', hear);
    this.child.stderr?.on('data', hear);
    this.child.on('message', (message) => {
      this.messages.push(message);
      this.wake();
    });
    this.exited = new Promise((resolve) => {
      this.child.on('close', (code, signal) => {
        this.ended = { code, signal };
        this.wake();
        resolve(this.ended);
      });
    });
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error(`${this.app} was not started`);
    return this.child.pid;
  }

  /** Standard output and standard error as they came. */
  get log(): string {
    return this.said.join('');
  }

  /** The message with which our programs say that they serve. */
  async ready<T>(): Promise<T> {
    return (await this.until('ready', () =>
      this.messages.find((message) => (message as { type?: string }).type === 'ready'),
    )) as T;
  }

  /** Waits for a piece of the output. */
  async says(pattern: RegExp, limitMs = START_LIMIT_MS): Promise<RegExpExecArray> {
    return await this.until(`saying ${pattern.source}`, () => pattern.exec(this.log), limitMs);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** SIGTERM, and SIGKILL if that does not help. */
  async stop(): Promise<Exit> {
    if (this.ended !== undefined) return this.ended;
    this.signal('SIGTERM');
    try {
      return await within(STOP_LIMIT_MS, `${this.app} stopping`, this.exited);
    } catch (error) {
      this.signal('SIGKILL');
      await this.exited;
      throw error;
    }
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<Exit> {
    if (this.ended === undefined) this.signal('SIGKILL');
    return await this.exited;
  }

  /** Lets everybody who waits look again. */
  private wake(): void {
    for (const look of this.waiting.splice(0)) look();
  }

  private async until<T>(
    what: string,
    look: () => T,
    limitMs = START_LIMIT_MS,
  ): Promise<NonNullable<T>> {
    const found = (async () => {
      for (;;) {
        const result = look();
        if (result !== undefined && result !== null) return result;
        if (this.ended !== undefined) throw new Error(`${this.app} ended before ${what}`);
        await new Promise<void>((resolve) => {
          this.waiting.push(resolve);
        });
      }
    })();
    return await within(limitMs, `${this.app} ${what}`, found);
  }
}
