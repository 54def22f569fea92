import { runMigrations } from '@nightjar/catalog';
import { readArguments } from '../arguments.js';
import { EXIT_OK, type Command } from '../command.js';
import { databaseUrl } from '../database-url.js';
import { readConfig } from '../open-archive.js';

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'bring the schema of the catalog up to date, before an upgrade of several machines',
  usage: `nightjar migrate [--config FILE]

Runs the migrations that the database of the configuration (FILE, else $NIGHTJAR_CONFIG, else nightjar.yaml) has not seen. Control and
worker do the same when they start; an advisory lock lets only one of them at a time. Nothing is done twice.`,
  async run(args, { out }) {
    const { values } = readArguments(args, { config: { type: 'string' } });
    const config = await readConfig(values.config);
    const ran = await runMigrations(await databaseUrl(config));
    out(ran.length === 0 ? 'the schema is up to date' : `ran ${ran.join(', ')}`);
    return EXIT_OK;
  },
};
