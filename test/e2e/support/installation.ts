import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '../../support/free-port.js';
import { Metrics } from './metrics.js';
import { DIST, type NodeProcess } from './node-process.js';
import { runProgram, type ProgramResult } from './program.js';
import type { Stage } from './open-stage.js';

export const LOGIN = { username: 'viewer', password: 'watch-all-night' };

/** A `nightjar.yaml` before it is written; JSON is YAML. */
interface ConfigFile {
  readonly cameras: Readonly<Record<string, object>>;
  readonly [section: string]: unknown;
}

/** A configuration, a data directory, and the processes that work on them. */
export class Installation {
  readonly configFile: string;
  readonly dataDir: string;
  private config: ConfigFile;

  private constructor(
    private readonly stage: Stage,
    private readonly ports: { readonly rtsp: number; readonly operations: number },
    config: ConfigFile,
  ) {
    this.configFile = path.join(stage.directory, 'nightjar.yaml');
    this.dataDir = path.join(stage.directory, 'data');
    this.config = config;
  }

  /** Writes a configuration with free ports, one user and what is given. */
  static async create(stage: Stage, config: ConfigFile): Promise<Installation> {
    const installation = new Installation(
      stage,
      { rtsp: await freePort(), operations: await freePort() },
      config,
    );
    await writeFile(path.join(stage.directory, 'viewer-password'), `${LOGIN.password}\n`);
    await installation.reconfigure(config);
    return installation;
  }

  /** The default volume. */
  get volume(): string {
    return path.join(this.dataDir, 'volumes', 'main');
  }

  url(
    mount: string,
    login: { readonly username: string; readonly password: string } = LOGIN,
  ): string {
    return `rtsp://${login.username}:${login.password}@127.0.0.1:${this.ports.rtsp}/${mount}`;
  }

  /** Replaces the configuration file at once, as an editor does. */
  async reconfigure(config: ConfigFile): Promise<void> {
    this.config = config;
    const { rtsp = {}, operations = {}, users = {}, ...rest } = config as Record<string, object>;
    await this.writeText(
      JSON.stringify(
        {
          version: 1,
          rtsp: { host: '127.0.0.1', port: this.ports.rtsp, ...rtsp },
          operations: { port: this.ports.operations, ...operations },
          users: { [LOGIN.username]: { passwordFile: 'viewer-password' }, ...users },
          ...rest,
        },
        undefined,
        2,
      ),
    );
  }

  /** The present configuration with other cameras. */
  async setCameras(cameras: ConfigFile['cameras']): Promise<void> {
    await this.reconfigure({ ...this.config, cameras });
  }

  /** The present configuration with more users. */
  async addUsers(users: Readonly<Record<string, object>>): Promise<void> {
    const { users: present = {} } = this.config as { users?: object };
    await this.reconfigure({ ...this.config, users: { ...present, ...users } });
  }

  async writeText(text: string): Promise<void> {
    await writeFile(`${this.configFile}.new`, text);
    await rename(`${this.configFile}.new`, this.configFile);
  }

  async startMedia(): Promise<NodeProcess> {
    const media = this.stage.start('media', [], this.environment);
    await media.ready();
    return media;
  }

  /** Beside media on one machine, so without an operations port of its own. */
  async startWorker(databaseUrl: string): Promise<NodeProcess> {
    const env = {
      ...this.environment,
      NIGHTJAR_DATABASE_URL: databaseUrl,
      NIGHTJAR_SUPERVISED: '1',
    };
    const worker = this.stage.start('worker', [], env);
    await worker.ready();
    return worker;
  }

  /** `nightjar <args>` with this configuration. */
  async cli(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<ProgramResult> {
    const main = path.join(DIST, 'cli/src/main.js');
    return await runProgram(process.execPath, [main, ...args], {
      env: { ...process.env, NODE_OPTIONS: '', ...this.environment, ...env },
    });
  }

  /** The answer of `/readyz`. */
  async readiness(): Promise<{ readonly ready: boolean; readonly reasons: readonly string[] }> {
    const response = await fetch(`http://127.0.0.1:${this.ports.operations}/readyz`);
    return (await response.json()) as { ready: boolean; reasons: string[] };
  }

  async metrics(): Promise<Metrics> {
    return await Metrics.scrape(`http://127.0.0.1:${this.ports.operations}`);
  }

  /** Seconds of footage of a camera that this media process made durable. */
  async recordedSeconds(camera: string): Promise<number> {
    return (await this.metrics()).sum('nightjar_recording_seconds_total', { camera });
  }

  /** Wall time that the footage of a camera reaches, Unix epoch milliseconds. */
  async recordedUntilMs(camera: string): Promise<number> {
    return (
      (await this.metrics()).sum('nightjar_recording_last_sample_timestamp_seconds', { camera }) *
      1000
    );
  }

  private get environment(): NodeJS.ProcessEnv {
    return { NIGHTJAR_CONFIG: this.configFile, NIGHTJAR_DATA_DIR: this.dataDir };
  }
}

/** A camera with one stream, as it stands in a configuration. */
export function cameraAt(url: string, settings: object = {}): object {
  return { streams: { main: { url } }, ...settings };
}

/** The same, recorded. */
export function recordedCameraAt(url: string, settings: object = {}): object {
  return cameraAt(url, { record: { stream: 'main', mode: 'continuous' }, ...settings });
}
