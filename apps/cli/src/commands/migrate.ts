import { setTimeout as wait } from 'node:timers/promises';
import { runMigrations } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import { readArguments } from '../arguments.js';
import { EXIT_OK, type Command } from '../command.js';
import { databaseUrl } from '../database-url.js';
import { readConfig } from '../open-archive.js';

const RETRY_MS = 500;

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'bring the schema of the catalog up to date, before an upgrade of several machines',
  usage: `nightjar migrate [--config FILE]

Runs the migrations that the database of the configuration (FILE, else $NIGHTJAR_CONFIG, else nightjar.yaml) has not seen. Control and
worker do the same when they start; an advisory lock lets only one of them at a time, and who comes second waits. Nothing is done twice.
No other command changes the schema: those that find an older one say so.`,
  async run(args, { out, err }) {
    const { values } = readArguments(args, { config: { type: 'string' } });
    const url = await databaseUrl(await readConfig(values.config));
    const ran = await whenItIsOurTurn(() => runMigrations(url), err);
    out(ran.length === 0 ? 'the schema is up to date' : `ran ${ran.join(', ')}`);
    return EXIT_OK;
  },
};

/** Tries again as long as another process changes the schema. */
async function whenItIsOurTurn(
  migrate: () => Promise<string[]>,
  say: (line: string) => void,
): Promise<string[]> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await migrate();
    } catch (error) {
      if (!(error instanceof NightjarError) || error.code !== 'catalog/schema-changing')
        throw error;
      if (tries === 0) say(`waiting: ${error.message}`);
      await wait(RETRY_MS);
    }
  }
}
