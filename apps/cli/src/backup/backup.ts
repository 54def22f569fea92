import { resolve } from 'node:path';
import { saveCatalog } from '@nightjar/catalog';
import { VERSION } from '@nightjar/role';
import { configFileOf } from '../arguments.js';
import type { Output } from '../command.js';
import { databaseUrl } from '../database-url.js';
import { readConfig } from '../open-archive.js';
import { show, type Asked } from '../show.js';
import { ArchiveWriter, tablePart } from './archive.js';
import { keptFiles } from './kept-files.js';

/** Writes a backup to a folder that is not there yet. What goes wrong leaves none. */
export async function backUp(
  asked: Asked,
  { folder, withSecrets }: { readonly folder: string; readonly withSecrets: boolean },
  output: Output,
): Promise<void> {
  const configFile = resolve(configFileOf(asked.configFile));
  const config = await readConfig(configFile);
  const url = await databaseUrl(config);
  const target = resolve(folder);
  const writer = await ArchiveWriter.create(target);
  try {
    const createdAt = new Date().toISOString();
    const { dataDir, files, leftOut } = await keptFiles(configFile, withSecrets);
    const saved = [];
    for (const [index, { place, path, mode, content }] of files.entries()) {
      const part = `file-${index}`;
      await writer.file(part, content);
      saved.push({ place, path, mode, part });
    }
    const rows: Record<string, number> = {};
    const catalog = await saveCatalog(url, async ({ name }, lines) => {
      rows[name] = await writer.rows(tablePart(name), lines);
    });
    const nightjar = VERSION;
    await writer.finish({
      createdAt,
      nightjar,
      configFile,
      dataDir,
      catalog,
      rows,
      files: saved,
      leftOut,
    });
    const count = Object.values(rows).reduce((sum, of) => sum + of, 0);
    const told = {
      folder: target,
      createdAt,
      rows,
      files: files.map(({ place, path }) => ({ place, path })),
      leftOut,
    };
    show(asked, output, told, () => [
      `${target}: ${count} rows of the catalog, ${files.length} files`,
      ...(leftOut.length === 0
        ? []
        : [
            `not in it (${withSecrets ? 'cannot be read here' : '--include-secrets takes them along'}):`,
          ]),
      ...leftOut.map((file) => `  ${file}`),
    ]);
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}
