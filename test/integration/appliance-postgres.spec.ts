import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '@nightjar/common';
import pg from 'pg';
import { KeptProcess } from '../../libs/supervision/src/kept-process.js';
import { PostgresServer } from '@nightjar/data-directory';
import type { ProcessPort, RunningProcess } from '../../libs/supervision/src/process-port.js';
import { quietLog } from '../../libs/supervision/src/testing/scripted-process.js';

const TEST_LIMIT_MS = 30_000;

async function ask(url: string, sql: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ answer: unknown }>(sql);
    return String(rows[0]?.answer);
  } finally {
    await client.end();
  }
}

/** Keeps the processes that were started, so that a test can crash one. */
class Watched implements ProcessPort {
  readonly started: RunningProcess[] = [];
  private waiting: (() => void) | undefined;
  constructor(private readonly port: ProcessPort) {}
  start(): RunningProcess {
    const running = this.port.start();
    this.started.push(running);
    return {
      ...running,
      onReady: (listener) =>
        running.onReady(() => {
          listener();
          this.waiting?.();
        }),
    };
  }
  nextReady(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting = resolve;
    });
  }
}

describe('embedded PostgreSQL of the appliance', () => {
  let dir: string;
  let kept: KeptProcess | undefined;

  const serve = async (dataDir: string): Promise<{ server: PostgresServer; watched: Watched }> => {
    const server = await PostgresServer.choose(dataDir, quietLog);
    await server.prepare();
    const watched = new Watched(server);
    kept = new KeptProcess(
      'postgres',
      watched,
      { polite: 'SIGINT', force: 'SIGQUIT', graceMs: 5_000 },
      systemClock,
      quietLog,
    );
    const ready = watched.nextReady();
    kept.start();
    await ready;
    return { server, watched };
  };

  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'nightjar-pg-'));
  });
  afterEach(async () => {
    await kept?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it(
    'makes a database 18 of its own behind directories closed to others, and keeps it over a restart',
    async () => {
      chmodSync(dir, 0o700);
      const first = await serve(dir);
      expect(
        await ask(
          first.server.url,
          `SELECT current_setting('server_version_num')::int / 10000 AS answer`,
        ),
      ).toBe('18');
      expect(
        await ask(first.server.url, `SELECT current_setting('listen_addresses') AS answer`),
      ).toBe('127.0.0.1');
      await ask(first.server.url, 'CREATE TABLE kept AS SELECT 7 AS n');
      await kept?.stop();
      expect(existsSync(path.join(dir, 'postgres', 'postmaster.pid'))).toBe(false);
      const second = await serve(dir);
      expect(await ask(second.server.url, 'SELECT n AS answer FROM kept')).toBe('7');
      expect(statSync(path.join(dir, 'secrets', 'postgres-password')).mode & 0o777).toBe(0o600);
    },
    TEST_LIMIT_MS,
  );

  it(
    'serves in a directory open to others, refuses a wrong password, and comes back at the same address after a crash',
    async () => {
      chmodSync(dir, 0o755);
      const { server, watched } = await serve(dir);
      await expect(
        ask(server.url.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1 AS answer'),
      ).rejects.toThrow(/password authentication failed/);
      const again = watched.nextReady();
      watched.started[0]?.signal('SIGQUIT');
      await again;
      expect(watched.started).toHaveLength(2);
      expect(await ask(server.url, 'SELECT 1 AS answer')).toBe('1');
    },
    TEST_LIMIT_MS,
  );

  it(
    'says nothing of connections that are still open when it is stopped',
    async () => {
      const said: string[] = [];
      const log = { debug: () => undefined, warn: (_: object, line: string) => said.push(line) };
      const server = await PostgresServer.choose(dir, log as unknown as typeof quietLog);
      await server.prepare();
      const running = server.start();
      const gone = new Promise((resolve) => running.onExit(resolve));
      await new Promise<void>((resolve) => running.onReady(resolve));
      const client = new pg.Client({ connectionString: server.url });
      client.on('error', () => undefined);
      await client.connect();
      await expect(client.query('SELECT 1 / 0')).rejects.toThrow('division by zero');
      running.signal('SIGINT');
      expect([await gone, said]).toEqual(['exit code 0', []]);
      await client.end();
    },
    TEST_LIMIT_MS,
  );

  it(
    'ends the server of a supervisor that was killed, and starts in its place',
    async () => {
      const orphan = await PostgresServer.choose(dir, quietLog);
      await orphan.prepare();
      const running = orphan.start();
      const gone = new Promise<string>((resolve) => running.onExit(resolve));
      await new Promise<void>((resolve) => running.onReady(resolve));
      const { server } = await serve(dir);
      expect(await gone).toBe('exit code 0');
      expect(await ask(server.url, 'SELECT 1 AS answer')).toBe('1');
    },
    TEST_LIMIT_MS,
  );

  it(
    'is not stopped by a postmaster.pid whose number belongs to another program now',
    async () => {
      await serve(dir);
      await kept?.stop();
      writeFileSync(path.join(dir, 'postgres', 'postmaster.pid'), `${process.pid}\n`);
      const { server } = await serve(dir);
      expect(await ask(server.url, 'SELECT 1 AS answer')).toBe('1');
    },
    TEST_LIMIT_MS,
  );

  it(
    'refuses the data of another major version and says what to do',
    async () => {
      await serve(dir);
      await kept?.stop();
      writeFileSync(path.join(dir, 'postgres', 'PG_VERSION'), '15\n');
      const server = await PostgresServer.choose(dir, quietLog);
      await expect(server.prepare()).rejects.toThrow(/made by PostgreSQL 15.*dump it/);
    },
    TEST_LIMIT_MS,
  );
});
