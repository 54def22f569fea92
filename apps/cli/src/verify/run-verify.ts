import type { Catalog, DamageKind, SegmentToCheck } from '@nightjar/catalog';
import { systemClock } from '@nightjar/common';
import { catchUp, checkFile, checkSegment, Pace } from '@nightjar/integrity';
import { scanVolume, type Volume } from '@nightjar/recording';
import { openVolumes, readConfig, register, requireCamera, withCatalog } from '../open-archive.js';

export interface VerifyOptions {
  readonly configFile: string | undefined;
  readonly volume: string | undefined;
  readonly camera: string | undefined;
  /** Unix epoch milliseconds: segments that begin in this range. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Without the catalog: every file against its own index. */
  readonly offline: boolean;
  readonly bytesPerSecond: number;
  readonly damaged: (damage: VerifiedDamage) => void;
}

export interface VerifiedDamage {
  readonly volume: string;
  readonly path: string;
  readonly kind: DamageKind;
  readonly detail: string;
}

export interface VerifyResult {
  readonly volume: string;
  readonly segments: number;
  readonly bytes: number;
  /** Segments with something wrong. */
  readonly damaged: number;
}

const PAGE = 500;

/** Reads footage and compares it with its hashes. What is found against the catalog is remembered there. */
export async function runVerify(options: VerifyOptions): Promise<VerifyResult[]> {
  const config = await readConfig(options.configFile);
  const volumes = await openVolumes(config, options.volume);
  if (options.camera !== undefined) await requireCamera(config, options.camera);
  const pace = new Pace(options.bytesPerSecond, systemClock, new AbortController().signal);
  const verify = async (
    one: (volume: Volume) => Promise<VerifyResult>,
  ): Promise<VerifyResult[]> => {
    const results: VerifyResult[] = [];
    for (const volume of volumes) results.push(await one(volume));
    return results;
  };
  if (options.offline) return verify((volume) => verifyFiles(volume, options, pace));
  return withCatalog(config, (catalog) =>
    verify((volume) => verifyRows(catalog, volume, options, pace)),
  );
}

async function verifyRows(
  catalog: Catalog,
  volume: Volume,
  options: VerifyOptions,
  pace: Pace,
): Promise<VerifyResult> {
  await register(catalog, volume);
  await catchUp(catalog, volume);
  const result = { volume: volume.name, segments: 0, bytes: 0, damaged: 0 };
  // Nothing starts at exactly this instant with a smaller key: the first page begins here.
  let after: Pick<SegmentToCheck, 'startMs' | 'run' | 'sequence'> | undefined =
    options.fromMs > 0 ? { startMs: options.fromMs, run: '', sequence: -1 } : undefined;
  for (;;) {
    const page = await catalog.integrity.next(volume.id, after, PAGE);
    for (const segment of page) {
      if (segment.startMs >= options.toMs) return result;
      if (options.camera !== undefined && segment.camera !== options.camera) continue;
      result.segments += 1;
      result.bytes += await checkSegment(
        {
          repository: catalog.integrity,
          volume,
          clock: systemClock,
          spend: (bytes) => pace.spend(bytes),
          checked: ({ path }, _bytes, found) => {
            if (found.length > 0) result.damaged += 1;
            for (const damage of found) options.damaged({ volume: volume.name, path, ...damage });
          },
        },
        segment,
      );
    }
    after = page.at(-1);
    if (after === undefined) return result;
  }
}

async function verifyFiles(
  volume: Volume,
  options: VerifyOptions,
  pace: Pace,
): Promise<VerifyResult> {
  const result = { volume: volume.name, segments: 0, bytes: 0, damaged: 0 };
  const damaged = (path: string, kind: DamageKind, detail: string): void => {
    result.damaged += 1;
    options.damaged({ volume: volume.name, path, kind, detail });
  };
  for await (const file of scanVolume(volume)) {
    const name = 'name' in file ? file.name : undefined;
    if (name === undefined) {
      if ('problem' in file) damaged(file.path, 'unreadable', file.problem);
      continue;
    }
    if (name.startMs < options.fromMs || name.startMs >= options.toMs) continue;
    if (options.camera !== undefined && name.camera !== options.camera) continue;
    const verdict = await checkFile(volume.resolve(file.path), undefined, (bytes) =>
      pace.spend(bytes),
    );
    // Deleted meanwhile, or being written.
    if (verdict.damage?.kind === 'missing' || verdict.damage?.kind === 'not-closed') continue;
    result.segments += 1;
    result.bytes += verdict.bytes;
    if (verdict.damage !== undefined)
      damaged(file.path, verdict.damage.kind, verdict.damage.detail);
  }
  return result;
}
