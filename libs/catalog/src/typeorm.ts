import { createRequire } from 'node:module';
import type * as typeorm from 'typeorm';

// TypeORM is 300 modules: a fifth of a second of a processor and 20 MiB. Media and commands that only want a word or two of the catalog
// get what entities and queries are made of; the rest is loaded by who opens a database.
export { EntitySchema } from 'typeorm/entity-schema/EntitySchema.js';
export { In } from 'typeorm/find-options/operator/In.js';
export { MoreThan } from 'typeorm/find-options/operator/MoreThan.js';

const require = createRequire(import.meta.url);

/** The package as a whole. */
export function wholeTypeorm(): typeof typeorm {
  return require('typeorm') as typeof typeorm;
}
