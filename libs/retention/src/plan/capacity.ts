import type { FootageOf, FootageReader, StreamKey } from '@nightjar/catalog';
import type { CameraRules, RetentionRules, VolumeRules } from '../rules/rules.js';
import { daysUntilFull, horizonDays } from './forecast.js';

const DAY_MS = 86_400_000;
/** Rates are those of this time: a week, because cameras follow its days. */
const RATE_DAYS = 7;
/** A rate of less than this says nothing. */
export const MIN_RATE_MS = 600_000;

/** A volume as it is now. */
export interface MeasuredVolume {
  readonly id: string;
  readonly rules: VolumeRules;
  /** Undefined while it is away. */
  readonly space: { readonly freeBytes: number; readonly sizeBytes: number } | undefined;
}

/** Footage of a camera on a volume, and what it adds. */
export interface CameraOnVolume {
  readonly camera: string;
  readonly volumeId: string;
  readonly bytes: number;
  readonly oldestMs: number;
  /** 0 while it is not known. */
  readonly bytesPerDay: number;
  readonly rateKnown: boolean;
}

export interface VolumeForecast {
  readonly footageBytes: number;
  readonly bytesPerDay: number;
  /** Footage that fits: what is there and what is free, less `minFree`, at most `maxBytes`. Undefined while it is away. */
  readonly capacityBytes: number | undefined;
  /** Days until it is full if nothing were deleted, and with the rules of age and bytes; undefined: never, or unknown. */
  readonly fullInDays: number | undefined;
  readonly fullInDaysByRules: number | undefined;
  /** How far back footage will reach; Infinity: as far as the rules say. */
  readonly horizonDays: number;
  /** What the guarantees of all cameras will take at the present rates. */
  readonly guaranteedBytes: number;
}

/** What is there and what comes in, per camera and volume. */
export async function measure(
  reader: FootageReader,
  streams: readonly StreamKey[],
  nowMs: number,
): Promise<CameraOnVolume[]> {
  const ids = streams.map(({ streamId }) => streamId);
  const all = await reader.footage(ids);
  const sinceMs = nowMs - RATE_DAYS * DAY_MS;
  const recent = await reader.footage(ids, sinceMs);
  const cameras = new Map(streams.map(({ streamId, camera }) => [streamId, camera]));
  const firstMs = new Map<string, number>();
  for (const { streamId, oldestMs } of all) {
    const camera = cameras.get(streamId) ?? '';
    firstMs.set(camera, Math.min(firstMs.get(camera) ?? Infinity, oldestMs));
  }
  const sums = new Map<string, CameraOnVolume>();
  for (const [rows, isRecent] of [
    [all, false],
    [recent, true],
  ] as const)
    for (const row of rows) addTo(sums, row, cameras.get(row.streamId) ?? '', isRecent);
  return Array.from(sums.values(), (sum) => {
    const spanMs = nowMs - Math.max(sinceMs, firstMs.get(sum.camera) ?? sinceMs);
    const rateKnown = spanMs >= MIN_RATE_MS;
    return { ...sum, rateKnown, bytesPerDay: rateKnown ? (sum.bytesPerDay * DAY_MS) / spanMs : 0 };
  });
}

/** Until the span is known, the bytes of all recent footage stand for the rate. */
function addTo(
  sums: Map<string, CameraOnVolume>,
  { volumeId, bytes, oldestMs }: FootageOf,
  camera: string,
  recent: boolean,
): void {
  const key = `${camera}\n${volumeId}`;
  const sum = sums.get(key) ?? {
    camera,
    volumeId,
    bytes: 0,
    oldestMs: Infinity,
    bytesPerDay: 0,
    rateKnown: false,
  };
  sums.set(
    key,
    recent
      ? { ...sum, bytesPerDay: sum.bytesPerDay + bytes }
      : { ...sum, bytes: sum.bytes + bytes, oldestMs: Math.min(sum.oldestMs, oldestMs) },
  );
}

/** What becomes of a volume at the present rates. */
export function forecastOf(
  volume: MeasuredVolume,
  measured: readonly CameraOnVolume[],
  rules: RetentionRules,
  nowMs: number,
): VolumeForecast {
  const cameras = new Map(rules.cameras.map((camera) => [camera.camera, camera]));
  const here = measured.filter(({ volumeId }) => volumeId === volume.id);
  const footageBytes = total(here, ({ bytes }) => bytes);
  const { minFreeBytes, maxBytes = Infinity, maxAgeMs = Infinity, minAgeMs } = volume.rules;
  const capacityBytes =
    volume.space === undefined
      ? undefined
      : Math.max(0, Math.min(footageBytes + volume.space.freeBytes - minFreeBytes, maxBytes));
  const rate = (one: CameraOnVolume): number =>
    volume.rules.state === 'active' ? one.bytesPerDay : 0;
  const full = (growsForDays: (one: CameraOnVolume) => number): number | undefined =>
    capacityBytes === undefined
      ? undefined
      : daysUntilFull(
          capacityBytes - footageBytes,
          here.map((one) => ({ bytesPerDay: rate(one), growsForDays: growsForDays(one) })),
        );
  const share = (one: CameraOnVolume): number =>
    one.bytesPerDay /
    (total(
      measured.filter(({ camera }) => camera === one.camera),
      ({ bytesPerDay }) => bytesPerDay,
    ) || 1);
  const limitDays = (one: CameraOnVolume): number =>
    Math.min(maxAgeMs / DAY_MS, wantedDays(cameras.get(one.camera), one, share(one)));
  return {
    footageBytes,
    bytesPerDay: total(here, rate),
    capacityBytes,
    fullInDays: full(() => Infinity),
    fullInDaysByRules: full((one) => Math.max(0, limitDays(one) - (nowMs - one.oldestMs) / DAY_MS)),
    horizonDays:
      capacityBytes === undefined
        ? Infinity
        : horizonDays(
            capacityBytes,
            here.map((one) => ({ bytesPerDay: rate(one), days: limitDays(one) })),
          ),
    guaranteedBytes: total(
      here,
      (one) => (rate(one) * Math.max(minAgeMs, cameras.get(one.camera)?.minAgeMs ?? 0)) / DAY_MS,
    ),
  };
}

/** Days of its footage that a camera keeps on a volume by age and bytes; its bytes are spread as it writes. */
function wantedDays(
  rules: CameraRules | undefined,
  { bytesPerDay }: CameraOnVolume,
  share: number,
): number {
  const byAge = rules?.maxAgeMs === undefined ? Infinity : rules.maxAgeMs / DAY_MS;
  const byBytes =
    rules?.maxBytes === undefined || bytesPerDay === 0
      ? Infinity
      : (rules.maxBytes * share) / bytesPerDay;
  return Math.min(byAge, byBytes);
}

export function total<Row>(rows: readonly Row[], of: (row: Row) => number): number {
  return rows.reduce((sum, row) => sum + of(row), 0);
}
