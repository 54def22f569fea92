import type { DataSource, EntitySchema, ObjectLiteral, Repository } from 'typeorm';
import { NightjarError } from '@nightjar/common';
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
    try {
      return await work();
    } catch (error) {
      throw databaseError(error);
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
