import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PEERS, cpuSecondsOf, type Peer } from './peers.js';
import type { LoadAnswer, LoadRequest } from './worker-message.js';

const here = path.dirname(fileURLToPath(import.meta.url));
const app = (name: string): string => path.join(here, '..', '..', name, 'src', 'main.js');

/** Every process of a run, and the folder they write to; all gone after {@link Bench.close}. */
export class Bench {
  private readonly children: ChildProcess[] = [];

  private constructor(readonly folder: string) {}

  static async open(): Promise<Bench> {
    return new Bench(await mkdtemp(path.join(tmpdir(), 'nightjar-bench-')));
  }

  async close(): Promise<void> {
    for (const child of this.children.toReversed()) await this.end(child);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Synthetic cameras; resolves to the URL without the camera's name. */
  async cameras(
    count: number,
    bitrate: string,
    gopFrames: number,
  ): Promise<{ child: ChildProcess; url: string }> {
    const flags = ['--listen', '127.0.0.1:0', '--control', '127.0.0.1:0', '--count', String(count)];
    const child = this.fork(
      app('camsim'),
      [...flags, '--bitrate', bitrate, '--gop', String(gopFrames)],
      {},
    );
    const { rtsp } = await message<{ rtsp: string }>(child, 'ready');
    return { child, url: rtsp.replace(/\/$/, '') };
  }

  /** The media role, as it ships, for `count` cameras. */
  async media(cameraUrl: string, count: number, recorded: boolean): Promise<MediaProcess> {
    const [rtsp, operations] = [await freePort(), await freePort()];
    const cameras = Array.from({ length: count }, (_, i) => [
      `cam${i}`,
      {
        streams: { main: { url: `${cameraUrl}/cam${i}`, transport: 'tcp' } },
        ...(recorded ? { record: { stream: 'main', mode: 'continuous' } } : {}),
      },
    ]);
    const config = {
      version: 1,
      rtsp: { host: '127.0.0.1', port: rtsp },
      operations: { host: '127.0.0.1', port: operations },
      cameras: Object.fromEntries(cameras),
    };
    const file = path.join(this.folder, `nightjar-${rtsp}.json`);
    await writeFile(file, JSON.stringify(config));
    const child = this.fork(app('media'), [], {
      NIGHTJAR_CONFIG: file,
      NIGHTJAR_DATA_DIR: path.join(this.folder, `data-${rtsp}`),
    });
    await message(child, 'ready');
    return new MediaProcess(child, `rtsp://127.0.0.1:${rtsp}`, `http://127.0.0.1:${operations}`);
  }

  /** Another relay, with its own binary, serving the first camera. */
  async peer(peer: Peer, cameraUrl: string): Promise<Relay> {
    const kind = PEERS[peer.name]!;
    const port = await freePort();
    const file = path.join(this.folder, kind.file);
    await writeFile(file, kind.configuration(port, cameraUrl));
    const child = spawn(peer.binary, kind.arguments(file), {
      cwd: this.folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    this.children.push(child);
    const { pid } = child;
    if (pid === undefined) throw new Error(`cannot start ${peer.binary}`);
    await accepting(port);
    return {
      child,
      url: `rtsp://127.0.0.1:${port}`,
      cpuSeconds: () => Promise.resolve(cpuSecondsOf(pid)),
    };
  }

  async bareLoop(cameraUrl: string): Promise<BareLoopProcess> {
    const child = this.fork(path.join(here, 'bare-loop.js'), [cameraUrl], {});
    const { port } = await message<{ port: number }>(child, 'ready');
    return new BareLoopProcess(child, `tcp://127.0.0.1:${port}`);
  }

  load(): LoadProcess {
    return new LoadProcess(this.fork(path.join(here, 'load-client.js'), [], {}));
  }

  async end(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    if (child.connected) child.disconnect();
    await ended;
  }

  private fork(module: string, args: string[], env: NodeJS.ProcessEnv): ChildProcess {
    const child = fork(module, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.children.push(child);
    return child;
  }
}

/** Something that relays: ours, or a peer. */
export interface Relay {
  readonly child: ChildProcess;
  readonly url: string;
  /** User and system time so far. */
  cpuSeconds(): Promise<number>;
}

export class MediaProcess implements Relay {
  constructor(
    readonly child: ChildProcess,
    readonly url: string,
    private readonly operationsUrl: string,
  ) {}

  async cpuSeconds(): Promise<number> {
    return await this.metric('process_cpu_seconds_total');
  }

  /** Sum of all series of a metric. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.operationsUrl}/metrics`)).text();
    let sum = 0;
    for (const line of text.split('\n')) {
      if (line.startsWith(`${name}{`) || line.startsWith(`${name} `))
        sum += Number(line.slice(line.lastIndexOf(' ')));
    }
    return sum;
  }
}

export class BareLoopProcess {
  constructor(
    readonly child: ChildProcess,
    readonly url: string,
  ) {}

  async cpuSeconds(): Promise<number> {
    const answer = message<{ seconds: number }>(this.child, 'cpu');
    this.child.send('cpu');
    return (await answer).seconds;
  }
}

export class LoadProcess {
  constructor(readonly child: ChildProcess) {}

  async ask<K extends LoadRequest['kind']>(
    request: Extract<LoadRequest, { kind: K }>,
  ): Promise<Extract<LoadAnswer, { kind: K }>> {
    return await new Promise((resolve, reject) => {
      const failed = (): void => reject(new Error('the load client ended'));
      this.child.once('exit', failed);
      this.child.once('message', (answer: Extract<LoadAnswer, { kind: K }>) => {
        this.child.off('exit', failed);
        resolve(answer);
      });
      this.child.send(request);
    });
  }
}

async function message<T>(child: ChildProcess, type: string): Promise<T> {
  return await new Promise((resolve, reject) => {
    const listen = (received: { type?: string }): void => {
      if (received.type !== type) return;
      child.off('message', listen);
      resolve(received as T);
    };
    child.on('message', listen);
    child.once('exit', (code) =>
      reject(new Error(`${child.spawnfile} ended with ${code} before it was ready`)),
    );
  });
}

/** Waits until somebody accepts connections on a port. */
async function accepting(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
