import type { Catalog } from '@nightjar/catalog';
import type { NightjarConfig } from '@nightjar/config';
import { rulesOf } from '../rules/rules.js';
import { countedVolumes } from '../volumes.js';
import type { SizedVolume } from '../volumes.js';
import { forecastOf, measure } from './capacity.js';
import type { CameraOnVolume, MeasuredVolume } from './capacity.js';
import { evaluate } from './evaluate.js';
import { summarize } from './summary.js';
import type { PlannedDeletion } from './summary.js';
import { isOvercommitted, warningsOf } from './warnings.js';
import type { Warning } from './warnings.js';

/** What retention would do now and what becomes of the archive. Times are RFC 3339; null: never, or not known. */
export interface RetentionPlan {
  readonly at: string;
  readonly volumes: readonly VolumePlan[];
  readonly cameras: readonly CameraPlan[];
  readonly deletions: readonly (Omit<PlannedDeletion, 'volumeId'> & { readonly volume: string })[];
  readonly warnings: readonly Warning[];
}

export interface VolumePlan {
  readonly volume: string;
  readonly state: string;
  /** Null while it is away. */
  readonly sizeBytes: number | null;
  readonly freeBytes: number | null;
  readonly minFreeBytes: number;
  readonly maxBytes: number | null;
  readonly footageBytes: number;
  /** Null while not known: there is less than ten minutes of footage. */
  readonly bytesPerDay: number | null;
  /** When nothing more fits if nothing is deleted; and with the rules of age and bytes. */
  readonly fullAt: string | null;
  readonly fullAtByRules: string | null;
  readonly guaranteedBytes: number;
  readonly overcommitted: boolean;
  /** Bytes that are missing to `minFree` although nothing unprotected is left. */
  readonly missingBytes: number;
}

export interface CameraPlan {
  readonly camera: string;
  readonly bytes: number;
  /** As of a volume. */
  readonly bytesPerDay: number | null;
  readonly oldest: string | null;
  readonly achievedDays: number | null;
  /** `minAge` and `maxAge` of the camera. */
  readonly guaranteedDays: number | null;
  readonly promisedDays: number | null;
  /** What the disks, `maxBytes` and `maxAge` of volumes allow at the present rates; null: as much as is promised, or without end. */
  readonly possibleDays: number | null;
}

export interface PlanInput {
  readonly catalog: Catalog;
  readonly config: NightjarConfig;
  readonly nowMs: number;
  /** The volume of that name; throws while it is not there. */
  volume(name: string): Promise<SizedVolume>;
}

const DAY_MS = 86_400_000;

/** Asks the same questions as a sweep, of one state of the catalog, and changes nothing. */
export async function planRetention(input: PlanInput): Promise<RetentionPlan> {
  const { catalog, config, nowMs } = input;
  const rules = rulesOf(config);
  const volumes = await measuredVolumes(input);
  const known = await catalog.volumes.list();
  return catalog.retention.read(async (reader) => {
    const judged = [];
    for (const { id, rules: ruled, space } of volumes) {
      // What is condemned already makes room without a plan.
      const freeBytes = space && space.freeBytes + (await reader.condemnedBytes(id));
      judged.push({ id, rules: ruled, freeBytes });
    }
    const evaluation = await evaluate(reader, {
      rules,
      nowMs,
      lastSweepMs: nowMs,
      volumes: judged,
      counted: countedVolumes(known, rules),
    });
    const measured = await measure(reader, evaluation.streams, nowMs);
    const forecasts = volumes.map((volume) => ({
      volume,
      forecast: forecastOf(volume, measured, rules, nowMs),
    }));
    const names = new Map(volumes.map(({ id, rules: { volume } }) => [id, volume]));
    return {
      at: printTime(nowMs),
      volumes: forecasts.map(({ volume, forecast }): VolumePlan => ({
        volume: volume.rules.volume,
        state: volume.rules.state,
        sizeBytes: volume.space?.sizeBytes ?? null,
        freeBytes: volume.space?.freeBytes ?? null,
        minFreeBytes: volume.rules.minFreeBytes,
        maxBytes: volume.rules.maxBytes ?? null,
        footageBytes: forecast.footageBytes,
        bytesPerDay: rateOf(
          measured.filter(({ volumeId }) => volumeId === volume.id),
          forecast.bytesPerDay,
        ),
        fullAt: timeIn(forecast.fullInDays, nowMs),
        fullAtByRules: timeIn(forecast.fullInDaysByRules, nowMs),
        guaranteedBytes: Math.round(forecast.guaranteedBytes),
        overcommitted: isOvercommitted(forecast),
        missingBytes: evaluation.shortBytes.get(volume.id) ?? 0,
      })),
      cameras: rules.cameras.map(({ camera, minAgeMs, maxAgeMs, maxBytes }): CameraPlan => {
        const here = measured.filter((one) => one.camera === camera);
        const rate = here.reduce((sum, { bytesPerDay }) => sum + bytesPerDay, 0);
        const oldestMs = Math.min(...here.map((one) => one.oldestMs));
        const possible = Math.min(
          maxBytes === undefined || rate === 0 ? Infinity : maxBytes / rate,
          ...forecasts
            .filter(({ volume }) =>
              here.some(({ volumeId, bytesPerDay }) => volumeId === volume.id && bytesPerDay > 0),
            )
            .map(({ volume, forecast }) =>
              Math.min(forecast.horizonDays, (volume.rules.maxAgeMs ?? Infinity) / DAY_MS),
            ),
        );
        const days = (ms: number | undefined): number | null =>
          ms === undefined || ms === 0 ? null : ms / DAY_MS;
        return {
          camera,
          bytes: here.reduce((sum, { bytes }) => sum + bytes, 0),
          bytesPerDay: rateOf(here, rate),
          oldest: Number.isFinite(oldestMs) ? printTime(oldestMs) : null,
          achievedDays: Number.isFinite(oldestMs) ? round((nowMs - oldestMs) / DAY_MS) : null,
          guaranteedDays: days(minAgeMs),
          promisedDays: days(maxAgeMs),
          possibleDays: Number.isFinite(possible) ? round(possible) : null,
        };
      }),
      deletions: summarize(evaluation).map(({ volumeId, ...row }) => ({
        volume: names.get(volumeId) ?? volumeId,
        ...row,
      })),
      warnings: warningsOf(forecasts, measured, rules),
    };
  });
}

function rateOf(measured: readonly CameraOnVolume[], bytesPerDay: number): number | null {
  const unknown = measured.length > 0 && measured.every(({ rateKnown }) => !rateKnown);
  return unknown ? null : Math.round(bytesPerDay);
}

/** Every configured volume, measured if it is there; one that never was is left out. */
export async function measuredVolumes({
  catalog,
  config,
  volume,
}: Omit<PlanInput, 'nowMs'>): Promise<MeasuredVolume[]> {
  const known = await catalog.volumes.list();
  const measured: MeasuredVolume[] = [];
  for (const rules of rulesOf(config).volumes) {
    try {
      const opened = await volume(rules.volume);
      measured.push({ id: opened.id, rules, space: await opened.space() });
    } catch {
      const id = known.findLast(({ name }) => name === rules.volume)?.id;
      if (id !== undefined) measured.push({ id, rules, space: undefined });
    }
  }
  return measured;
}

function timeIn(days: number | undefined, nowMs: number): string | null {
  const atMs = nowMs + (days ?? Infinity) * DAY_MS;
  return atMs < LAST_TIME_MS ? printTime(atMs) : null;
}

/** Further than anybody plans. */
const LAST_TIME_MS = Date.UTC(3000, 0, 1);

function printTime(ms: number): string {
  return new Date(ms).toISOString();
}

function round(days: number): number {
  return Number(days.toPrecision(4));
}
