import type { FootageReader } from '@nightjar/catalog';
import type { NightjarConfig } from '@nightjar/config';
import { evaluate } from '../plan/evaluate.js';
import type { CountedVolume, JudgedVolume } from '../plan/evaluate.js';
import type { RetentionRules } from '../rules/rules.js';
import type { EmergencyControl } from './emergency-control.js';
import { emergencyStep, releaseMargin } from './emergency-step.js';
import type { EmergencyStep, Writer } from './emergency-step.js';

const HOUR_MS = 3_600_000;
const HOURS_PER_DAY = 24;

export interface EmergencyOptions {
  readonly control: EmergencyControl;
  /** As it was before the sweep. */
  readonly volume: JudgedVolume & { readonly freeBytes: number };
  /** Bytes missing after the sweep. */
  readonly shortBytes: number;
  readonly config: NightjarConfig;
  readonly rules: RetentionRules;
  readonly counted: readonly CountedVolume[];
  readonly nowMs: number;
  read<Result>(work: (reader: FootageReader) => Promise<Result>): Promise<Result>;
}

/** One step for a volume whose need nothing unprotected can meet, or that has room again. */
export async function handleEmergency(options: EmergencyOptions): Promise<EmergencyStep> {
  const { control, volume, shortBytes, config } = options;
  const name = volume.rules.volume;
  const stopped = await control.stopped(name);
  const mayStop = config.recording.whenFull === 'stop-lowest-priority';
  if (shortBytes > 0 ? !mayStop : stopped.length === 0) return { stop: [], release: [] };
  const spared = new Set(shortBytes > 0 ? await control.spared() : []);
  const step = mayStop
    ? emergencyStep({
        shortBytes,
        freeBytes: volume.freeBytes,
        minFreeBytes: volume.rules.minFreeBytes,
        roomToRelease: shortBytes <= 0 && (await hasMargin(options)),
        writers:
          shortBytes > 0
            ? (await options.read((reader) => writersOf(reader, options))).filter(
                ({ camera }) => !spared.has(camera),
              )
            : [],
        stopped,
      })
    : { stop: [], release: stopped };
  if (step.stop.length > 0) await control.stop(name, step.stop);
  if (step.release.length > 0) await control.release(name, step.release);
  return step;
}

/** Whether more than the need could be met, without deleting anything for it. */
async function hasMargin(options: EmergencyOptions): Promise<boolean> {
  const { volume, rules, nowMs, counted } = options;
  const minFreeBytes = volume.rules.minFreeBytes + releaseMargin(volume.rules.minFreeBytes);
  const { shortBytes } = await options.read((reader) =>
    evaluate(reader, {
      rules,
      nowMs,
      lastSweepMs: nowMs,
      volumes: [{ ...volume, rules: { ...volume.rules, minFreeBytes } }],
      counted,
    }),
  );
  return !shortBytes.has(volume.id);
}

/** Cameras with footage on the volume of the last hour. */
async function writersOf(
  reader: FootageReader,
  { volume, config, nowMs }: EmergencyOptions,
): Promise<Writer[]> {
  const streams = await reader.streams();
  const recent = await reader.footage(
    streams.map(({ streamId }) => streamId),
    nowMs - HOUR_MS,
  );
  const rates = new Map<string, number>();
  for (const { streamId, volumeId, bytes } of recent) {
    const camera = streams.find((stream) => stream.streamId === streamId)?.camera;
    if (volumeId !== volume.id || camera === undefined) continue;
    rates.set(camera, (rates.get(camera) ?? 0) + bytes * HOURS_PER_DAY);
  }
  return Array.from(rates).flatMap(([camera, bytesPerDay]) => {
    const configured = Object.hasOwn(config.cameras, camera) ? config.cameras[camera] : undefined;
    return configured === undefined ? [] : [{ camera, priority: configured.priority, bytesPerDay }];
  });
}
