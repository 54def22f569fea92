import type { RetentionRules } from '../rules/rules.js';
import type { CameraOnVolume, MeasuredVolume, VolumeForecast } from './capacity.js';

/** A promise that cannot be kept at the present rates. */
export interface Warning {
  readonly code:
    | 'overcommitted'
    | 'guarantee-beyond-bytes'
    | 'guarantee-beyond-age'
    | 'age-out-of-reach'
    | 'age-beyond-volume'
    | 'volume-away';
  readonly volume?: string;
  readonly camera?: string;
  readonly group?: string;
  readonly message: string;
}

const DAY_MS = 86_400_000;

/** Whether the guarantees of the cameras on a volume take more than it holds. */
export function isOvercommitted({ guaranteedBytes, capacityBytes }: VolumeForecast): boolean {
  return capacityBytes !== undefined && guaranteedBytes > capacityBytes;
}

/** Compares what the configuration promises with what the disks hold. */
export function warningsOf(
  volumes: readonly { readonly volume: MeasuredVolume; readonly forecast: VolumeForecast }[],
  measured: readonly CameraOnVolume[],
  rules: RetentionRules,
): Warning[] {
  const warnings: Warning[] = [];
  for (const { volume, forecast } of volumes) {
    const name = volume.rules.volume;
    if (volume.space === undefined)
      warnings.push({
        code: 'volume-away',
        volume: name,
        message: `volume ${name} is not there: nothing is deleted on it and its room is not known`,
      });
    if (isOvercommitted(forecast))
      warnings.push({
        code: 'overcommitted',
        volume: name,
        message: `the guarantees (minAge) of the cameras on volume ${name} take ${printBytes(forecast.guaranteedBytes)} at the present rates, and it holds ${printBytes(forecast.capacityBytes ?? 0)}`,
      });
  }
  const horizons = new Map(
    volumes.map(({ volume, forecast }) => [volume.id, forecast.horizonDays]),
  );
  for (const { camera, maxAgeMs, minAgeMs, maxBytes } of rules.cameras) {
    const here = measured.filter((one) => one.camera === camera && one.bytesPerDay > 0);
    const rate = here.reduce((sum, { bytesPerDay }) => sum + bytesPerDay, 0);
    if (maxBytes !== undefined && (minAgeMs / DAY_MS) * rate > maxBytes)
      warnings.push({
        code: 'guarantee-beyond-bytes',
        camera,
        message: `camera ${camera}: minAge of ${printDays(minAgeMs / DAY_MS)} takes ${printBytes((minAgeMs / DAY_MS) * rate)} at the present rate; maxBytes of ${printBytes(maxBytes)} cannot be kept`,
      });
    const reach = Math.min(
      Infinity,
      ...here.map(({ volumeId }) => horizons.get(volumeId) ?? Infinity),
    );
    for (const { id, rules: ruled } of volumes.map(({ volume }) => volume)) {
      if (ruled.maxAgeMs === undefined || !here.some(({ volumeId }) => volumeId === id)) continue;
      const bound = printDays(ruled.maxAgeMs / DAY_MS);
      const about = { volume: ruled.volume, camera };
      if (minAgeMs > ruled.maxAgeMs)
        warnings.push({
          code: 'guarantee-beyond-age',
          ...about,
          message: `camera ${camera}: minAge is ${printDays(minAgeMs / DAY_MS)}, so its footage stays on volume ${ruled.volume} longer than the maxAge of ${bound} there`,
        });
      if (maxAgeMs !== undefined && maxAgeMs > ruled.maxAgeMs)
        warnings.push({
          code: 'age-beyond-volume',
          ...about,
          message: `camera ${camera}: volume ${ruled.volume} keeps footage for ${bound}; maxAge is ${printDays(maxAgeMs / DAY_MS)}`,
        });
    }
    if (maxAgeMs !== undefined && reach < maxAgeMs / DAY_MS)
      warnings.push({
        code: 'age-out-of-reach',
        camera,
        message: `camera ${camera}: the disks hold ${printDays(reach)} at the present rates; maxAge is ${printDays(maxAgeMs / DAY_MS)}`,
      });
  }
  for (const { group, maxBytes } of rules.groups) {
    const guaranteed = rules.cameras
      .filter((camera) => camera.group === group)
      .reduce(
        (sum, { camera, minAgeMs }) =>
          sum +
          measured
            .filter((one) => one.camera === camera)
            .reduce((rate, one) => rate + one.bytesPerDay, 0) *
            (minAgeMs / DAY_MS),
        0,
      );
    if (guaranteed > maxBytes)
      warnings.push({
        code: 'guarantee-beyond-bytes',
        group,
        message: `group ${group}: the guarantees of its cameras take ${printBytes(guaranteed)} at the present rates; maxBytes of ${printBytes(maxBytes)} cannot be kept`,
      });
  }
  return warnings;
}

/** In the largest unit that is not below 1; two digits say enough. */
export function printDays(days: number): string {
  const [value, unit] =
    days >= 1 ? [days, 'day'] : days >= 1 / 24 ? [days * 24, 'hour'] : [days * 1_440, 'minute'];
  const rounded = value >= 10 ? Math.round(value) : Number(value.toPrecision(2));
  return `${rounded} ${unit}${rounded === 1 ? '' : 's'}`;
}

/** In powers of 1000, as disks are sold. */
export function printBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${Number(value.toPrecision(3))} ${units[unit]}`;
}
