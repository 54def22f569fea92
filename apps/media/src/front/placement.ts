import type { CameraConfig } from '@nightjar/config';

/** Which shard, by number from 0, serves each camera. */
export type Placement = ReadonlyMap<string, number>;

/** Two cameras of which one takes the place of the other while that is away: one process must have both. */
export type Pair = readonly [string, string];

export function pairsOf(cameras: Readonly<Record<string, CameraConfig>>): Pair[] {
  return Object.values(cameras).flatMap(({ name, whenOffline }) =>
    Object.values(whenOffline).flatMap(({ fallback }): Pair[] =>
      fallback === undefined || fallback.camera === name ? [] : [[name, fallback.camera]],
    ),
  );
}

/** How many processes the media role is when the configuration leaves it to us. */
const CAMERAS_PER_PROCESS = 32;

/**
 * Processes of the media role. `auto`: as many as have work for a core each, and not more than cores.
 * @param cores that this process may use
 */
export function processCount(processes: 'auto' | number, cameras: number, cores: number): number {
  if (processes !== 'auto') return processes;
  return Math.max(1, Math.min(cores, Math.ceil(cameras / CAMERAS_PER_PROCESS)));
}

/**
 * Gives every camera a shard. Whoever has one keeps it: a camera that moves loses its readers. The others go, heaviest
 * first, to the shard that has least to do, but those that need each other to the same.
 * @param loads measured load by camera, any unit; a camera without one counts as the mean of those given
 * @param together has no effect on those that have a shard
 */
export function place(
  cameras: readonly string[],
  shards: number,
  loads: ReadonlyMap<string, number>,
  present: Placement = new Map(),
  together: readonly Pair[] = [],
): Placement {
  const loadOf = loadsOf(cameras, loads);
  const sums = Array.from({ length: shards }, () => 0);
  const placed = new Map<string, number>();
  const put = (camera: string, shard: number): void => {
    placed.set(camera, shard);
    sums[shard]! += loadOf(camera);
  };
  for (const camera of cameras) {
    const shard = present.get(camera);
    if (shard !== undefined && shard < shards) put(camera, shard);
  }
  const others = cameras.filter((camera) => !placed.has(camera));
  others.sort((a, b) => loadOf(b) - loadOf(a) || (a < b ? -1 : 1));
  const companions = (camera: string): string[] =>
    together.flatMap(([a, b]) => (a === camera ? [b] : b === camera ? [a] : []));
  for (const camera of others) {
    const companion = companions(camera).find((other) => placed.has(other));
    put(camera, placed.get(companion ?? '') ?? sums.indexOf(Math.min(...sums)));
  }
  return placed;
}

/** Load of each shard. */
export function shardLoads(
  placement: Placement,
  shards: number,
  loads: ReadonlyMap<string, number>,
): number[] {
  const loadOf = loadsOf([...placement.keys()], loads);
  const sums = Array.from({ length: shards }, () => 0);
  for (const [camera, shard] of placement) sums[shard]! += loadOf(camera);
  return sums;
}

/** What is counted for a camera: never zero, so that idle cameras are spread by number. */
function loadsOf(
  cameras: readonly string[],
  loads: ReadonlyMap<string, number>,
): (camera: string) => number {
  const known = cameras.flatMap((camera) => loads.get(camera) ?? []);
  const mean = known.reduce((sum, load) => sum + load, 0) / known.length;
  const unknown = mean > 0 ? mean : LEAST_LOAD;
  return (camera) => Math.max(loads.get(camera) ?? unknown, LEAST_LOAD);
}

const LEAST_LOAD = 1;
