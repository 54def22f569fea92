import path from 'node:path';

/** How the PostgreSQL of a data directory is set up. */
export const OWN = {
  /** In the data directory. */
  folder: 'postgres',
  host: '127.0.0.1',
  user: 'nightjar',
  database: 'nightjar',
} as const;

export const passwordFileOf = (dataDir: string): string =>
  path.join(dataDir, 'secrets', 'postgres-password');

/** With the password in it: for the environment of child processes, and never printed. */
export const urlOf = (port: number, password: string): string =>
  `postgres://${OWN.user}:${encodeURIComponent(password)}@${OWN.host}:${port}/${OWN.database}`;
