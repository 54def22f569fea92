import { fork, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Load } from './load.js';
import { Media, type Relay } from './relay.js';
import { PEERS, type Peer } from './peers.js';
import { accepting, freePort } from './ports.js';
import { Program, type ProgramKind } from './program.js';

const here = path.dirname(fileURLToPath(import.meta.url));

/** Applications of the project that a case can start. */
export type App = 'media' | 'control' | 'worker' | 'camsim';

export interface CameraOptions {
  readonly count: number;
  /** Default 4 000 000. */
  readonly bitsPerSecond?: number;
  /** Seconds from keyframe to keyframe, default 2. */
  readonly gopSeconds?: number;
}

/** Cameras that play, H.264 at 25 frames/s, TCP only; see workers/camera.ts. */
export interface Cameras {
  readonly program: Program;
  /** RTSP URL of each. */
  readonly urls: readonly string[];
}

export interface MediaOptions {
  /** Pulled over TCP as `cam0`, `cam1`, ...; on demand unless recorded. */
  readonly cameraUrls: readonly string[];
  readonly record?: boolean;
  /** Replaces or adds top-level keys of the configuration; keys below `rtsp` are added. */
  readonly config?: Readonly<Record<string, unknown>> & { readonly rtsp?: object };
}

/** What a stretch of time cost. */
export interface Window {
  /** As long as it really was, in seconds. */
  readonly seconds: number;
  /** CPU-seconds of each program, in the order given. */
  readonly cpu: readonly number[];
}

/** Every process of a run, and the folder they write to; all gone after {@link Bench.close}. */
export class Bench {
  private programs: Program[] = [];
  private spentCpu = new Map<ProgramKind, number>();
  private startedAt = performance.now();
  private readonly closing = new AbortController();

  private constructor(
    /** For whatever the processes write. */
    readonly folder: string,
    /** For how long cases that can be of any length should run; undefined leaves it to them. */
    readonly minutes: number | undefined,
    /** How many segments cases over archives should make; undefined leaves it to them. */
    readonly segments: number | undefined,
  ) {}

  static async open(minutes?: number, segments?: number): Promise<Bench> {
    return new Bench(await mkdtemp(path.join(tmpdir(), 'nightjar-bench-')), minutes, segments);
  }

  /** Aborted by {@link close}: nothing can be started any more. */
  get closed(): AbortSignal {
    return this.closing.signal;
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.end(...this.programs.toReversed());
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Camera source in a process of its own, cheap enough for hundreds of cameras. */
  async cameras(options: CameraOptions): Promise<Cameras> {
    const { count, bitsPerSecond = 4_000_000, gopSeconds = 2 } = options;
    const flags = [count, bitsPerSecond, gopSeconds].map(String);
    const program = this.worker('camera', 'camera', flags);
    const { urls } = await program.message<{ urls: string[] }>('ready');
    return { program, urls };
  }

  /** The media role, as it ships, in one process unless `config.media` says otherwise. */
  async media(options: MediaOptions): Promise<Media> {
    const [rtsp, operations] = [await freePort(), await freePort()];
    const cameras = options.cameraUrls.map((url, i) => [
      `cam${i}`,
      {
        streams: { main: { url, transport: 'tcp' } },
        ...(options.record === true && { record: { stream: 'main', mode: 'continuous' } }),
      },
    ]);
    const program = await this.role('media', {
      operations: { host: '127.0.0.1', port: operations },
      media: { processes: 1 },
      cameras: Object.fromEntries(cameras),
      ...options.config,
      rtsp: { host: '127.0.0.1', port: rtsp, ...options.config?.rtsp },
    });
    return new Media(program, rtsp, operations);
  }

  /**
   * One of the applications with its configuration and a data folder of its own; resolves when it says that it is ready.
   * @param config without `version`
   */
  async role(app: App, config: object, env: NodeJS.ProcessEnv = {}): Promise<Program> {
    const file = path.join(this.folder, `${app}-${this.programs.length}.json`);
    await writeFile(file, JSON.stringify({ version: 1, ...config }));
    const program = this.fork(
      'subject',
      app,
      path.join(here, '..', '..', app, 'src', 'main.js'),
      [],
      {
        NIGHTJAR_CONFIG: file,
        NIGHTJAR_DATA_DIR: file.replace(/\.json$/, '-data'),
        ...env,
      },
    );
    await program.message('ready');
    return program;
  }

  /**
   * Another relay, with its own binary, that serves the same cameras under its own paths.
   * @param recordTo folder to record all cameras to, for peers that can
   */
  async peer(peer: Peer, cameraUrls: readonly string[], recordTo?: string): Promise<Relay> {
    const rtspPort = await freePort();
    const kind = PEERS[peer.name]!;
    const setup = { rtspPort, cameraUrls, ...(recordTo !== undefined && { recordTo }) };
    const file = path.join(this.folder, `${rtspPort}-${kind.file ?? ''}`);
    if (kind.configuration !== undefined) await writeFile(file, kind.configuration(setup));
    const program = this.spawn('subject', peer.name, peer.binary, kind.arguments(file, setup));
    await accepting(rtspPort, () => program.running);
    return {
      program,
      name: peer.name,
      udp: kind.udp,
      url: (camera) => `rtsp://127.0.0.1:${rtspPort}/${kind.mount(camera, cameraUrls.length)}`,
    };
  }

  /** Viewers in a process of their own. */
  load(): Load {
    return new Load(this.worker('load', 'load', []));
  }

  /** A program of `workers/`. */
  worker(kind: ProgramKind, name: string, flags: readonly string[], env = {}): Program {
    return this.fork(kind, name, path.join(here, 'workers', `${name}.js`), flags, env);
  }

  /** A Node.js program with a message channel; what it writes to stdout is dropped. */
  fork(
    kind: ProgramKind,
    name: string,
    module: string,
    flags: readonly string[],
    env: NodeJS.ProcessEnv,
  ): Program {
    const child = fork(module, [...flags], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    return this.add(new Program(kind, name, child));
  }

  /** Any other program; what it writes is dropped. */
  spawn(kind: ProgramKind, name: string, file: string, flags: readonly string[]): Program {
    const child = spawn(file, flags, { cwd: this.folder, stdio: 'ignore' });
    // Without a listener it would end the benchmark; that it never ran shows in the missing pid.
    child.on('error', () => undefined);
    return this.add(new Program(kind, name, child));
  }

  /** Ends programs one after the other. */
  async end(...programs: readonly Program[]): Promise<void> {
    for (const program of programs) {
      if (!this.programs.includes(program)) continue;
      await program.end();
      this.programs = this.programs.filter((other) => other !== program);
      this.spend(program.kind, program.cpuSeconds());
    }
  }

  /** Waits and tells what programs used meanwhile. */
  async window(durationMs: number, ...programs: readonly Program[]): Promise<Window> {
    const startedAt = performance.now();
    const before = programs.map((program) => program.cpuSeconds());
    await new Promise((resolve) => setTimeout(resolve, durationMs));
    const cpu = programs.map((program, i) => program.cpuSeconds() - before[i]!);
    return { seconds: (performance.now() - startedAt) / 1000, cpu };
  }

  /** Ends what still runs, and tells what all programs of each kind used since the last call. */
  async takeUsage(): Promise<{ seconds: number; cpu: ReadonlyMap<ProgramKind, number> }> {
    await this.end(...this.programs.toReversed());
    const now = performance.now();
    const usage = { seconds: (now - this.startedAt) / 1000, cpu: this.spentCpu };
    this.startedAt = now;
    this.spentCpu = new Map();
    return usage;
  }

  private add(program: Program): Program {
    if (this.closed.aborted) {
      program.child.kill('SIGKILL');
      throw new Error('the benchmark was closed');
    }
    this.programs.push(program);
    return program;
  }

  private spend(kind: ProgramKind, seconds: number): void {
    this.spentCpu.set(kind, (this.spentCpu.get(kind) ?? 0) + seconds);
  }
}
