import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { NightjarError } from '@nightjar/common';
import type { Logger } from '@nightjar/monitoring';
import {
  listenError,
  observeChild,
  type ProcessPort,
  type RunningProcess,
} from '@nightjar/supervision';
import { keptSecret } from '../secret-file.js';
import { commandUnder, postgresAccount, type Account, type Command } from './account.js';
import { postgresBinaries, type PostgresBinaries } from './binaries.js';
import { clearOrphan } from './orphan.js';
import { OWN, passwordFileOf, urlOf } from './own-database.js';

const MAJOR = '18';
/** Below the ports that systems give to outgoing connections (Linux from 32768), so that a restart finds its port free. */
const PORT_RANGE = [20_000, 32_000] as const;
const PORT_TRIES = 50;
const READY_LINE = 'database system is ready to accept connections';
/** What connections say that are still closing when the server is stopped is no news. */
const LOUD_LINE = /\b(?:FATAL|PANIC):(?!\s+terminating connection due to administrator command)/;

/** Everything the server is told; nothing is left to a file that somebody may have edited. Messages in C for {@link READY_LINE}. */
const SETTINGS = {
  listen_addresses: OWN.host,
  unix_socket_directories: '',
  max_connections: '60',
  shared_buffers: '64MB',
  lc_messages: 'C',
  logging_collector: 'off',
  log_destination: 'stderr',
};

/** The PostgreSQL of this installation: its data in `<dataDir>/postgres`, reachable from this machine alone, by password. */
export class PostgresServer implements ProcessPort {
  private binaries: PostgresBinaries | undefined;
  private account: Account | undefined;

  private constructor(
    private readonly directory: string,
    private readonly passwordFile: string,
    private readonly port: number,
    private readonly log: Pick<Logger, 'debug' | 'warn'>,
  ) {}

  /** Chooses the port and the password; both stay for the life of the object. Starts nothing. */
  static async choose(
    dataDir: string,
    log: Pick<Logger, 'debug' | 'warn'>,
  ): Promise<PostgresServer> {
    const passwordFile = passwordFileOf(dataDir);
    keptSecret(passwordFile);
    return new PostgresServer(
      path.join(dataDir, OWN.folder),
      passwordFile,
      await choosePort(),
      log,
    );
  }

  /** Connection URL with the password in it: for the environment of child processes only. */
  get url(): string {
    return urlOf(this.port, keptSecret(this.passwordFile));
  }

  /**
   * Makes the database on the first start and clears what a killed supervisor left. Throws NightjarError `postgres/...` when this
   * machine cannot run it. Needed once before `start`.
   */
  async prepare(): Promise<void> {
    this.binaries = await postgresBinaries();
    this.account = postgresAccount();
    const versionFile = path.join(this.directory, 'PG_VERSION');
    if (!existsSync(versionFile)) {
      await this.initialise(this.binaries);
      return;
    }
    const version = readFileSync(versionFile, 'utf8').trim();
    if (version !== MAJOR) {
      throw new NightjarError(
        'conflict',
        'postgres/version',
        `${this.directory} was made by PostgreSQL ${version}, this Nightjar brings ${MAJOR}: dump it with the old version and restore it, or move it away (recordings stay; nightjar fsck --repair rebuilds the catalog)`,
      );
    }
    await clearOrphan(this.directory);
  }

  start(): RunningProcess {
    if (this.binaries === undefined) {
      throw new NightjarError('internal', 'postgres/not-prepared', 'start() before prepare()');
    }
    const settings = Object.entries(SETTINGS).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
    const child = this.spawn(
      this.binaries.postgres,
      ['-D', this.directory, '-p', String(this.port), ...settings],
      ['ignore', 'ignore', 'pipe'],
    );
    let ready: () => void = () => undefined;
    createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => {
      if (line.includes(READY_LINE)) ready();
      if (LOUD_LINE.test(line)) this.log.warn({ process: 'postgres' }, line);
      else this.log.debug({ process: 'postgres' }, line);
    });
    return observeChild(child, (listener) => {
      ready = listener;
    });
  }

  /** In a directory of its own that gets its name at the end, so that a start that was cut off leaves no half database. */
  private async initialise(binaries: PostgresBinaries): Promise<void> {
    const draft = `${this.directory}.new`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true, mode: 0o700 });
    const passwordCopy = `${draft}.password`;
    writeFileSync(passwordCopy, keptSecret(this.passwordFile), { mode: 0o600 });
    if (this.account !== undefined) {
      for (const made of [draft, passwordCopy]) chownSync(made, this.account.uid, this.account.gid);
    }
    await this.run(
      binaries.initdb,
      [
        `--pgdata=${draft}`,
        `--username=${OWN.user}`,
        '--auth=scram-sha-256',
        `--pwfile=${passwordCopy}`,
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--no-instructions',
      ],
      '',
    );
    rmSync(passwordCopy);
    await this.run(
      binaries.postgres,
      ['--single', '-D', draft, 'postgres'],
      `CREATE DATABASE ${OWN.database};\n`,
    );
    renameSync(draft, this.directory);
  }

  private run(file: string, args: readonly string[], input: string): Promise<void> {
    const child = this.spawn(file, args, ['pipe', 'pipe', 'pipe']);
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    // A process that ends early closes its input; its exit code says so.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
    return new Promise((resolve, reject) => {
      const fail = (how: string): void => {
        const last = said.trim().split('\n').slice(-3).join(' ');
        reject(
          new NightjarError(
            'unavailable',
            'postgres/initialise',
            `The embedded PostgreSQL could not be set up (${path.basename(file)}: ${how}; ${last}): mend that, or name a database of your own with database.url`,
          ),
        );
      };
      child.once('error', (error) => fail(error.message));
      child.once('close', (code, signal) => {
        if (code === 0) resolve();
        else fail(signal === null ? `exit code ${code}` : `signal ${signal}`);
      });
    });
  }

  private spawn(file: string, args: readonly string[], stdio: ('pipe' | 'ignore')[]): ChildProcess {
    const command: Command = commandUnder(this.account, file, args, [file, this.directory]);
    return spawn(command.file, command.args, {
      ...command.account,
      // Nothing of ours leaks in, and no PG* variable of the user changes where it listens or what it reads.
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
      // initdb refuses a working directory that its account may not read.
      cwd: path.parse(this.directory).root,
      stdio,
      detached: true,
    });
  }
}

async function choosePort(): Promise<number> {
  for (let tries = 0; tries < PORT_TRIES; tries += 1) {
    const port = randomInt(...PORT_RANGE);
    if ((await listenError(OWN.host, port)) === undefined) return port;
  }
  throw new NightjarError(
    'unavailable',
    'postgres/port',
    `No free port on ${OWN.host} between ${PORT_RANGE[0]} and ${PORT_RANGE[1]} for the embedded PostgreSQL: name a database of your own with database.url`,
  );
}
