import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { Catalog, checkVolume } from '@nightjar/catalog';
import type { CheckResult } from '@nightjar/catalog';
import { NightjarError, systemClock } from '@nightjar/common';
import { loadConfig } from '@nightjar/config';
import { Volume } from '@nightjar/recording';
import { databaseUrl } from './database-url.js';
import { catchUp, fileExists, scannedFiles } from './volume-files.js';

export interface FsckOptions {
  /** Else NIGHTJAR_CONFIG, else nightjar.yaml. */
  configFile?: string;
  /** Only this one. */
  volume?: string;
  repair: boolean;
  out: (line: string) => void;
}

/** Files younger than this may not have reached the catalog yet and are not looked at. */
const SETTLE_MS = 10_000;

/**
 * Compares volumes and catalog and prints what differs, one line each. Beside a running recorder it is safe.
 * @returns 0 if nothing is left to mend, else 1
 * @throws NightjarError for what the operator can mend: no volume, no database
 */
export async function runFsck(options: FsckOptions): Promise<number> {
  const file = options.configFile ?? process.env['NIGHTJAR_CONFIG'] ?? 'nightjar.yaml';
  const { config } = await loadConfig(file);
  const chosen = Object.entries(config.volumes).filter(
    ([name]) => options.volume === undefined || name === options.volume,
  );
  if (chosen.length === 0)
    throw new NightjarError(
      'not-found',
      'fsck/unknown-volume',
      `there is no volume ${options.volume} in ${file}`,
    );
  const catalog = new Catalog(await databaseUrl(config), { unavailable: () => undefined });
  await catalog.connect();
  let left = 0;
  try {
    for (const [name, { path }] of chosen)
      left += (await checkOne(catalog, name, path, options)).left;
  } finally {
    await catalog.close();
  }
  return left === 0 ? 0 : 1;
}

async function checkOne(
  catalog: Catalog,
  name: string,
  path: string,
  { repair, out }: FsckOptions,
): Promise<CheckResult> {
  await access(join(path, '.nightjar', 'volume.json')).catch((error: unknown) => {
    throw new NightjarError(
      'unavailable',
      'fsck/no-volume',
      `${path} holds no volume: is its disk mounted?`,
      { volume: name },
      error,
    );
  });
  const volume = await Volume.open(name, path);
  await catalog.volumes.register({ id: volume.id, name, path });
  const settledMs = systemClock.wallMs() - SETTLE_MS;
  await catchUp(catalog, volume);
  const result = await checkVolume(catalog, {
    volumeId: volume.id,
    scan: scannedFiles(volume, settledMs),
    exists: (file) => fileExists(volume, file),
    untilMs: settledMs,
    repair,
    report: ({ kind, path: file, detail, repaired }) =>
      out(`${name}: ${kind}: ${file} (${detail})${repaired ? ', repaired' : ''}`),
  });
  out(
    `${name}: ${result.files} files, ${result.findings} findings, ${result.findings - result.left} repaired`,
  );
  return result;
}
