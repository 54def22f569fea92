import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { restoreCatalog, schemaLevel } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import { filesNamedIn } from '@nightjar/config';
import type { Output } from '../command.js';
import { databaseUrl } from '../database-url.js';
import { readConfig } from '../open-archive.js';
import { show, type Asked } from '../show.js';
import { Archive, tablePart } from './archive.js';
import { PlacedFiles, type Places } from './placed-files.js';

interface RestoreChoice {
  readonly folder: string;
  readonly force: boolean;
  readonly catalogOnly: boolean;
}

/** Puts a backup in place: files and catalog, or neither. */
export async function restore(
  asked: Asked,
  { folder, force, catalogOnly }: RestoreChoice,
  output: Output,
): Promise<void> {
  const archive = await Archive.open(folder);
  const { content } = archive;
  schemaLevel(content.catalog.migrations, 'the backup');
  const configFile = resolve(
    asked.configFile ?? (process.env['NIGHTJAR_CONFIG'] || content.configFile),
  );
  const placed = catalogOnly
    ? undefined
    : await PlacedFiles.put(archive, await placesOf(archive, configFile), force);
  try {
    const url = await databaseUrl(await readConfig(configFile));
    const { rows, migrated } = await restoreCatalog(
      url,
      content.catalog,
      ({ name }) => archive.rows(tablePart(name)),
      { force },
    );
    const files = placed?.files ?? [];
    const missing = content.leftOut.filter(
      (file) => !existsSync(resolve(dirname(configFile), file)),
    );
    const told = { createdAt: content.createdAt, rows, migrated, files, missing, configFile };
    show(asked, output, told, () => [
      `${rows} rows of the catalog, as of ${content.createdAt}`,
      ...(migrated.length === 0
        ? []
        : [`its schema was brought up to date: ${migrated.join(', ')}`]),
      ...files.map((file) => `wrote ${file}`),
      ...missing.map(
        (file) => `MISSING ${file}: named by the configuration, and not in the backup`,
      ),
      'next:',
      '  restart Nightjar where it runs',
      `  nightjar rebuild --config ${configFile}    finds the footage that was recorded after the backup`,
    ]);
  } catch (error) {
    await placed?.undo();
    throw error;
  }
}

async function placesOf(archive: Archive, configFile: string): Promise<Places> {
  const saved = archive.content.files.find(({ place }) => place === 'configuration');
  if (saved === undefined)
    throw new NightjarError(
      'invalid',
      'backup/no-configuration',
      'the backup holds no configuration',
    );
  const text = (await archive.read(saved.part)).toString();
  const { dataDir } = filesNamedIn(text, configFile, process.env);
  return { configFile, dataDir };
}
