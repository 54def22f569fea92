import type { DataSource, EntitySchema, ObjectLiteral, Repository } from 'typeorm';
import { NightjarError } from '@nightjar/common';
import { metrics } from '@nightjar/monitoring';
import { databaseError } from './database-error.js';

/** Runs SQL; rows come back as pg gives them (`timestamptz` as Date, `bigint` and `numeric` as text). */
export interface SqlRunner {
  query<Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]>;
}

/** The catalog's connection as repositories see it: SQL in, rows or a NightjarError out. */
export class Database implements SqlRunner {
  constructor(private readonly source: DataSource) {}

  async query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return this.guarded(() => run<Row>(this.source, sql, parameters));
  }

  /** All of `work` or nothing. */
  async transaction<Result>(work: (sql: SqlRunner) => Promise<Result>): Promise<Result> {
    return this.guarded(() =>
      this.source.transaction((manager) =>
        work({ query: (sql, parameters) => run(manager, sql, parameters) }),
      ),
    );
  }

  /** Reads that all see the same state; writing in it is an error. */
  async snapshot<Result>(work: (sql: SqlRunner) => Promise<Result>): Promise<Result> {
    return this.guarded(() =>
      this.source.transaction('REPEATABLE READ', async (manager) => {
        await run(manager, 'SET TRANSACTION READ ONLY', []);
        return work({ query: (sql, parameters) => run(manager, sql, parameters) });
      }),
    );
  }

  /**
   * Runs `work` while nobody else, in any process, runs something under the same key. The lock lives in a connection of its
   * own; `stillOurs` tells whether that is alive and is asked before what must not happen twice.
   * @returns undefined, without having run anything, if the key is taken
   */
  async exclusively<Result>(
    key: string,
    work: (stillOurs: () => Promise<void>) => Promise<Result>,
  ): Promise<Result | undefined> {
    const connection = await this.guarded(async () => {
      const runner = this.source.createQueryRunner();
      await runner.connect();
      return runner;
    });
    try {
      const [row] = await this.guarded(() =>
        run<{ taken: boolean }>(
          connection,
          'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS taken',
          [key],
        ),
      );
      if (row?.taken !== true) return undefined;
      try {
        return await work(async () => {
          await this.guarded(() => run(connection, 'SELECT 1', []));
        });
      } finally {
        // A connection that broke has let go of it already.
        await connection
          .query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [key])
          .catch(() => undefined);
      }
    } finally {
      await connection.release();
    }
  }

  /** One call on a TypeORM repository, for what is neither hot nor intricate. */
  async with<Row extends ObjectLiteral, Result>(
    entity: EntitySchema<Row>,
    work: (repository: Repository<Row>) => Promise<Result>,
  ): Promise<Result> {
    return this.guarded(() => work(this.source.getRepository(entity)));
  }

  private async guarded<Result>(work: () => Promise<Result>): Promise<Result> {
    if (!this.source.isInitialized) {
      throw new NightjarError(
        'unavailable',
        'catalog/not-connected',
        'the catalog is not connected yet',
      );
    }
    const done = metrics.databaseQueryDurationSeconds.startTimer();
    try {
      return await work();
    } catch (error) {
      throw databaseError(error);
    } finally {
      done();
    }
  }
}

/** TypeORM answers UPDATE and DELETE with [rows, count], even with RETURNING; everything else with rows. */
async function run<Row>(
  target: { query(sql: string, parameters?: unknown[]): Promise<unknown> },
  sql: string,
  parameters: readonly unknown[],
): Promise<Row[]> {
  const result: unknown = await target.query(sql, [...parameters]);
  if (!Array.isArray(result)) return [];
  return (
    result.length === 2 && Array.isArray(result[0]) && typeof result[1] === 'number'
      ? result[0]
      : result
  ) as Row[];
}
