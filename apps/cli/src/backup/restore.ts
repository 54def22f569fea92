import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { requireNoUsers, restoreCatalog, schemaLevel } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import { filesNamedIn } from '@nightjar/config';
import type { Output } from '../command.js';
import { readConfig } from '../open-archive.js';
import { show, type Asked } from '../show.js';
import { Archive, tablePart, type ManifestContent } from './archive.js';
import { withIdleDatabase, withIdleDirectory } from './idle-database.js';
import { SYSTEMD_CREDENTIAL } from './kept-files.js';
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
  const places = catalogOnly ? undefined : await placesOf(archive, configFile);
  // Without the files of the backup, what is there now says where everything is.
  const dataDir = places?.dataDir ?? (await readConfig(configFile)).dataDir;
  if (places !== undefined) await mkdir(dataDir, { recursive: true, mode: 0o750 });
  await withIdleDirectory(dataDir, async () => {
    await requireIdleNow(configFile);
    const placed = places && (await PlacedFiles.put(archive, places, force));
    try {
      const done = await withIdleDatabase(await readConfig(configFile), output, (url) =>
        restoreCatalog(url, content.catalog, ({ name }) => archive.rows(tablePart(name)), {
          force,
        }),
      );
      tell(asked, output, { content, configFile, files: placed?.files ?? [], ...done });
    } catch (error) {
      await placed?.undo();
      throw error;
    }
  });
}

/** Before a file is touched that a Nightjar may follow; where the configuration is not there or not whole yet, nobody can run by it. */
async function requireIdleNow(configFile: string): Promise<void> {
  const present = await readConfig(configFile).catch(() => undefined);
  if (present?.database.url !== undefined) await requireNoUsers(present.database.url);
}

interface Restored {
  readonly content: ManifestContent;
  readonly configFile: string;
  readonly rows: number;
  readonly migrated: readonly string[];
  readonly files: readonly string[];
}

function tell(
  asked: Asked,
  output: Output,
  { content, configFile, rows, migrated, files }: Restored,
): void {
  const credentials = `${process.env['CREDENTIALS_DIRECTORY'] ?? ''}/`;
  const isThere = (file: string): boolean =>
    existsSync(
      resolve(
        dirname(configFile),
        file.replace(SYSTEMD_CREDENTIAL, () => credentials),
      ),
    );
  const missing = content.leftOut.filter((file) => !isThere(file));
  const told = { createdAt: content.createdAt, rows, migrated, files, missing, configFile };
  show(asked, output, told, () => [
    `${rows} rows of the catalog, as of ${content.createdAt}`,
    ...(migrated.length === 0 ? [] : [`its schema was brought up to date: ${migrated.join(', ')}`]),
    ...files.map((file) => `wrote ${file}`),
    ...missing.map((file) => `MISSING ${file}: named by the configuration, and not in the backup`),
    'next: start Nightjar, then, for the footage that was recorded after the backup:',
    `  nightjar rebuild --config ${configFile}`,
  ]);
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
