import { once } from 'node:events';
import { withOwnPostgres } from '@nightjar/data-directory';
import pg from 'pg';
import type { Bench } from './bench.js';

/** The PostgreSQL that comes with Nightjar, below the folder of the run, with the settings of a larger server. */
export interface BenchDatabase {
  readonly url: string;
  /** Runs statements one after the other on one connection. */
  run(statements: readonly string[]): Promise<void>;
  /** Milliseconds of each of `times` runs of the smallest query. */
  pings(times: number): Promise<number[]>;
}

/** Those that need no restart. */
const SETTINGS = ['fsync = off', "max_wal_size = '4GB'"];
const QUIET = { debug: () => undefined, warn: () => undefined };

/** Runs an empty one as long as `work` goes on and the benchmark is not closed. */
export async function withDatabase<Result>(
  bench: Bench,
  work: (database: BenchDatabase) => Promise<Result>,
): Promise<Result> {
  return await withOwnPostgres(bench.folder, QUIET, async (url) => {
    const client = new pg.Client({ connectionString: url });
    // The server ends before its clients do when the benchmark is closed; who asks it then is told.
    client.on('error', () => undefined);
    await client.connect();
    for (const setting of SETTINGS) await client.query(`ALTER SYSTEM SET ${setting}`);
    await client.query('SELECT pg_reload_conf()');
    const closed = once(bench.closed, 'abort').then((): never => {
      throw new Error('the benchmark was closed');
    });
    const done = work({
      url,
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
    }).finally(() => void client.end());
    return await Promise.race([done, closed]);
  });
}
