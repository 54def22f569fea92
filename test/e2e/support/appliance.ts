import path from 'node:path';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { freePort } from '../../support/free-port.js';
import { eventually } from './eventually.js';
import { Metrics } from './metrics.js';
import { DIST, type NodeProcess } from './node-process.js';
import type { ProgramResult } from './program.js';
import type { Stage } from './open-stage.js';

export const VIEWER = { username: 'viewer', password: 'watch-all-night' };

const SERVING_LIMIT_MS = 60_000;

/** The whole of Nightjar on this machine, with its own database, as `npm start` runs it. */
export class Appliance {
  private constructor(
    private readonly stage: Stage,
    private readonly ports: {
      readonly rtsp: number;
      readonly http: number;
      readonly operations: number;
    },
    readonly configFile: string,
    readonly process: NodeProcess,
  ) {}

  /** Starts with a configuration and waits until it is ready. */
  static async start(stage: Stage, config: Readonly<Record<string, unknown>>): Promise<Appliance> {
    const ports = { rtsp: await freePort(), http: await freePort(), operations: await freePort() };
    const configFile = path.join(stage.directory, 'nightjar.yaml');
    await writeFile(path.join(stage.directory, 'viewer-password'), VIEWER.password);
    const { users = {}, rtsp = {}, ...rest } = config as Record<string, object>;
    const file = {
      version: 1,
      dataDir: 'data',
      rtsp: { host: '127.0.0.1', port: ports.rtsp, ...rtsp },
      http: { host: '127.0.0.1', port: ports.http },
      operations: { port: ports.operations },
      users: { [VIEWER.username]: { passwordFile: 'viewer-password' }, ...users },
      ...rest,
    };
    await writeFile(configFile, JSON.stringify(file));
    const env = { NIGHTJAR_CONFIG: configFile, NIGHTJAR_DATA_DIR: '' };
    const started = stage.start('appliance', [], env);
    const appliance = new Appliance(stage, ports, configFile, started);
    await Promise.all([stage.reach(ports.http), stage.reach(ports.operations)]);
    const url = `http://127.0.0.1:${ports.operations}/readyz`;
    await eventually(
      async () => {
        const { status } = await fetch(url);
        if (status !== 200) throw new Error(`/readyz answers ${status}`);
      },
      { withinMs: SERVING_LIMIT_MS, everyMs: 200 },
    );
    return appliance;
  }

  /** The default volume. */
  get volume(): string {
    return path.join(this.stage.directory, 'data', 'volumes', 'main');
  }

  /** `http://host:port`, without login. */
  get origin(): string {
    return `http://127.0.0.1:${this.ports.http}`;
  }

  /** `http://host:port` of metrics and health. */
  get operations(): string {
    return `http://127.0.0.1:${this.ports.operations}`;
  }

  /** With a login in it, if one is given. */
  rtspUrl(mount: string, login?: typeof VIEWER): string {
    const user =
      login && `${encodeURIComponent(login.username)}:${encodeURIComponent(login.password)}@`;
    return `rtsp://${user ?? ''}127.0.0.1:${this.ports.rtsp}/${mount}`;
  }

  /** Adds users, while it runs. */
  async changeUsers(users: Readonly<Record<string, object>>): Promise<void> {
    const file = JSON.parse(await readFile(this.configFile, 'utf8')) as { users: object };
    const changed = { ...file, users: { ...file.users, ...users } };
    await writeFile(`${this.configFile}.new`, JSON.stringify(changed));
    await rename(`${this.configFile}.new`, this.configFile);
  }

  /** With the login in it, for players. */
  url(target: string): string {
    const { username, password } = VIEWER;
    return `http://${username}:${password}@127.0.0.1:${this.ports.http}${target}`;
  }

  /** Asks as {@link VIEWER} unless told otherwise. */
  fetch(
    target: string,
    init: { method?: string; headers?: Record<string, string>; body?: string } = {},
    login = VIEWER,
  ): Promise<Response> {
    const basic = Buffer.from(`${login.username}:${login.password}`).toString('base64');
    const headers = { authorization: `Basic ${basic}`, ...init.headers };
    return fetch(this.origin + target, { ...init, headers });
  }

  async recordedSeconds(camera: string): Promise<number> {
    return (await this.metrics()).sum('nightjar_recording_seconds_total', { camera });
  }

  async metrics(): Promise<Metrics> {
    return await Metrics.scrape(`http://127.0.0.1:${this.ports.operations}`);
  }

  /** `nightjar <args>` with this configuration. */
  async cli(args: readonly string[]): Promise<ProgramResult> {
    const main = path.join(DIST, 'cli/src/main.js');
    const env = { ...process.env, NODE_OPTIONS: '', NIGHTJAR_CONFIG: this.configFile };
    return await this.stage.run(process.execPath, [main, ...args], { env });
  }
}
