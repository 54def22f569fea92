import { checkVolume, type Catalog, type Finding } from '@nightjar/catalog';
import { systemClock } from '@nightjar/common';
import { catchUp, fileExists, scannedFiles } from '@nightjar/integrity';
import type { Volume } from '@nightjar/recording';
import { openVolumes, readConfig, register, withCatalog } from '../open-archive.js';

export interface FsckOptions {
  /** Else NIGHTJAR_CONFIG, else nightjar.yaml. */
  configFile?: string;
  /** Only this one. */
  volume?: string;
  /** `rows`: makes and corrects rows of files; `all`: also drops rows without a file. */
  repair: 'nothing' | 'rows' | 'all';
  readonly found: (volume: string, finding: Finding) => void;
}

/** What was found on one volume. */
export interface FsckResult {
  readonly volume: string;
  readonly files: number;
  readonly findings: number;
  /** Findings that are still there. */
  readonly left: number;
  readonly seconds: number;
}

/** Files younger than this may not have reached the catalog yet and are not looked at. */
const SETTLE_MS = 10_000;

/**
 * Compares volumes and catalog. Beside a running recorder it is safe.
 * @throws NightjarError for what the operator can mend: no volume, no database
 */
export async function runFsck(options: FsckOptions): Promise<FsckResult[]> {
  const config = await readConfig(options.configFile);
  const volumes = await openVolumes(config, options.volume);
  return withCatalog(config, async (catalog) => {
    const results: FsckResult[] = [];
    for (const volume of volumes) results.push(await checkOne(catalog, volume, options));
    return results;
  });
}

async function checkOne(
  catalog: Catalog,
  volume: Volume,
  { repair, found }: FsckOptions,
): Promise<FsckResult> {
  await register(catalog, volume);
  const startedMs = systemClock.monotonicMs();
  const settledMs = systemClock.wallMs() - SETTLE_MS;
  await catchUp(catalog, volume);
  const { files, findings, left } = await checkVolume(catalog, {
    volumeId: volume.id,
    scan: scannedFiles(volume, settledMs),
    exists: (file) => fileExists(volume, file),
    untilMs: settledMs,
    thorough: true,
    repair,
    report: (finding) => found(volume.name, finding),
  });
  const seconds = (systemClock.monotonicMs() - startedMs) / 1000;
  return { volume: volume.name, files, findings, left, seconds };
}
