export { keptSecret } from './secret-file.js';
export { lockDataDirectory, type InstanceLock } from './instance-lock.js';
export { PostgresServer } from './postgres/postgres-server.js';
export { runningPostgresUrl } from './postgres/running-postgres.js';
export { withOwnPostgres } from './postgres/with-own-postgres.js';
