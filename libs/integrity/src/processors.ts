import { checkVolume, type Catalog, type Finding, type IntegrityPass } from '@nightjar/catalog';
import { NightjarError, type Clock } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import { processorOf, type JobContext, type JobProcessor } from '@nightjar/jobs';
import { metrics, type Logger } from '@nightjar/monitoring';
import { readJournal, type Volume } from '@nightjar/recording';
import { continuePass } from './check-volume.js';
import { CatalogReconcile, IntegrityCheck, SignCheckpoints, VolumeScan } from './jobs.js';
import { Pace } from './pace.js';
import { signDays } from './sign-days.js';
import { keptSigningKey, signingKeyFile } from './signing-key.js';
import { fileExists, scannedFiles } from './volume-files.js';

/** One check job per volume is enqueued in this time. */
export const CHECK_INTERVAL_MS = 10 * 60_000;
/** Part of that time that a check may read, so that it is done before the next one comes. */
const CHECK_SHARE = 0.8;
/** Small archives are read faster than their interval asks. */
const MIN_CHECK_BYTES = 64 * 2 ** 20;
/** Files and rows younger than this may not have met yet. */
export const SETTLE_MS = 10 * 60_000;

export interface IntegrityOptions {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** The configuration in force now. */
  config(): NightjarConfig;
  /** The volume of that name; throws while it is not there. */
  volume(name: string): Promise<Volume>;
  /** Name and version of this program, for checkpoints. */
  readonly software: string;
}

/** The processors of all jobs of this library. Idempotent: what they find is stored by file, what they sign by day. */
export function integrityProcessors(options: IntegrityOptions): JobProcessor[] {
  return [
    processorOf(IntegrityCheck, ({ volume }, context) => check(options, volume, context)),
    processorOf(VolumeScan, ({ volume }, context) => scan(options, volume, 'nothing', context)),
    processorOf(CatalogReconcile, ({ volume }, context) => scan(options, volume, 'rows', context)),
    processorOf(SignCheckpoints, () => checkpoint(options)),
  ];
}

async function check(
  options: IntegrityOptions,
  name: string,
  { signal, report }: JobContext,
): Promise<void> {
  const { catalog, clock, logger } = options;
  const { integrity: settings } = options.config();
  const volume = await options.volume(name);
  const repository = catalog.integrity;
  const pass = passNow(await repository.pass(volume.id), settings.intervalMs, clock.wallMs());
  if (pass !== undefined) {
    const extent = await repository.extent(volume.id);
    const fair = (extent.bytes * CHECK_INTERVAL_MS) / settings.intervalMs;
    const most = (settings.maxBytesPerSecond * CHECK_INTERVAL_MS * CHECK_SHARE) / 1000;
    const budget = Math.min(Math.max(fair, MIN_CHECK_BYTES), most);
    const pace = new Pace(settings.maxBytesPerSecond, clock, signal);
    let readBytes = 0;
    let readSegments = 0;
    await continuePass(
      {
        repository,
        volume,
        clock,
        spend: (bytes) => pace.spend(bytes),
        checked: ({ path }, bytes, damage) => {
          readBytes += bytes;
          readSegments += 1;
          const left = extent.segments - pass.segments;
          report(Math.max(readBytes / budget, left > 0 ? readSegments / left : 1), path);
          metrics.integrityCheckedBytes.inc({ volume: name }, bytes);
          for (const { kind, detail } of damage)
            logger.error({ volume: name, segment: path, kind }, `damaged footage: ${detail}`);
        },
      },
      pass,
      budget,
    );
  }
  metrics.integrityDamagedSegments.remove({ volume: name });
  for (const { kind, files } of await repository.damageCounts(volume.id))
    metrics.integrityDamagedSegments.set({ volume: name, kind }, files);
  const reached = await repository.pass(volume.id);
  if (reached !== undefined)
    metrics.integrityPassStartTimestampSeconds.set({ volume: name }, reached.startedAtMs / 1000);
}

/** The pass to go on with; undefined while the last one is young enough. */
function passNow(
  pass: IntegrityPass | undefined,
  intervalMs: number,
  nowMs: number,
): IntegrityPass | undefined {
  const over = pass?.finishedAtMs !== undefined;
  if (pass !== undefined && !over) return pass;
  if (pass !== undefined && nowMs < pass.startedAtMs + intervalMs && nowMs >= pass.startedAtMs)
    return undefined;
  return {
    startedAtMs: nowMs,
    finishedAtMs: undefined,
    after: undefined,
    segments: 0,
    bytes: 0,
  };
}

async function scan(
  options: IntegrityOptions,
  name: string,
  repair: 'nothing' | 'rows',
  { signal, report }: JobContext,
): Promise<void> {
  const { catalog, clock, logger } = options;
  const volume = await options.volume(name);
  const untilMs = clock.wallMs() - SETTLE_MS;
  const counts = new Map<Finding['kind'], number>();
  const { segments } = await catalog.integrity.extent(volume.id);
  const result = await checkVolume(catalog, {
    volumeId: volume.id,
    scan: scannedFiles(volume, untilMs),
    exists: (path) => fileExists(volume, path),
    untilMs,
    thorough: false,
    repair,
    report: ({ kind, repaired }) => {
      if (!repaired) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    },
    progress: (files) => {
      report(files / Math.max(segments, files), `${files} files`);
      if (signal.aborted)
        throw new NightjarError('cancelled', 'integrity/stopped', 'the scan was stopped');
    },
  });
  metrics.volumeFindings.remove({ volume: name });
  for (const [kind, files] of counts) metrics.volumeFindings.set({ volume: name, kind }, files);
  const fields = { volume: name, ...result, kinds: Object.fromEntries(counts) };
  if (result.left > 0) logger.warn(fields, 'catalog and files differ: nightjar fsck tells where');
  else if (result.findings > 0) logger.info(fields, 'the catalog was brought up to its files');
}

async function checkpoint(options: IntegrityOptions): Promise<void> {
  const { catalog, clock, logger, software } = options;
  const config = options.config();
  if (!config.integrity.checkpoints) return;
  for (const name of Object.keys(config.volumes)) await requireFed(options, name);
  const key = await keptSigningKey(signingKeyFile(config.dataDir));
  const signed = await signDays(catalog.integrity, key, software, clock.wallMs());
  for (const day of signed) logger.info({ day }, 'the archive of a day was signed');
  const last = signed.at(-1) ?? (await catalog.integrity.lastCheckpoint())?.day;
  if (last !== undefined)
    metrics.integrityCheckpointTimestampSeconds.set(Date.parse(`${last}T00:00:00Z`) / 1000);
}

/** A day is signed only when the catalog has heard of all of it. */
async function requireFed(options: IntegrityOptions, name: string): Promise<void> {
  const { catalog } = options;
  const volume = await options.volume(name);
  const cursor = await catalog.feed.cursor(volume.id);
  const { lines } = await readJournal(volume.journalDirectory, cursor);
  if (lines.some((line) => line.type === 'segment-closed' && isOfFinishedDay(line, options.clock)))
    throw new NightjarError(
      'unavailable',
      'integrity/catalog-lags',
      `the catalog has not read all of the journal of volume ${name} yet`,
      { volume: name },
    );
}

function isOfFinishedDay({ startMs }: { readonly startMs: number }, clock: Clock): boolean {
  return (
    new Date(startMs).toISOString().slice(0, 10) <
    new Date(clock.wallMs()).toISOString().slice(0, 10)
  );
}
