import { systemClock, type Clock, type Timer } from '@nightjar/common';
import type { NightjarConfig, VolumeConfig } from '@nightjar/config';
import { KnownVolumes, knownVolumesFile, problemOf, Volume } from '@nightjar/recording';

/** A disk that has not answered after this is called too slow. */
const PATIENCE_MS = 5_000;

/** A configured volume as this machine finds it now. */
export interface VolumeReport {
  readonly name: string;
  readonly path: string;
  readonly state: VolumeConfig['state'];
  /** Of the disk that is there, else of the one that was; null for one that never was a volume. */
  readonly id: string | null;
  /** `healthy` or the reason why it cannot be used. */
  readonly health: string;
  readonly problem: string | null;
  readonly freeBytes: number | null;
  readonly sizeBytes: number | null;
}

/** Looks at every volume as the recorder does: the right disk, and whether one that is active takes a small file. */
export async function lookAtVolumes(
  { volumes, dataDir }: NightjarConfig,
  clock: Clock = systemClock,
): Promise<VolumeReport[]> {
  const known = await KnownVolumes.load(knownVolumesFile(dataDir));
  return await Promise.all(
    Object.entries(volumes).map(async ([name, config]) => {
      const { path, state } = config;
      const expectedId = known.idOf(name, path);
      const unknown = {
        name,
        path,
        state,
        id: expectedId ?? null,
        freeBytes: null,
        sizeBytes: null,
      };
      try {
        const found = await atMost(PATIENCE_MS, clock, lookAt(name, config, expectedId));
        if (found === undefined) {
          const problem = `${path} has not answered for ${PATIENCE_MS / 1_000} s`;
          return { ...unknown, health: 'disk-slow', problem };
        }
        return { ...unknown, ...found, health: 'healthy', problem: null };
      } catch (error) {
        const { reason, message } = problemOf(error);
        return { ...unknown, health: reason, problem: message };
      }
    }),
  );
}

async function lookAt(
  name: string,
  { path, state }: VolumeConfig,
  expectedId: string | undefined,
): Promise<{ id: string; freeBytes: number; sizeBytes: number }> {
  const volume = await Volume.open(name, path, expectedId === undefined ? {} : { expectedId });
  if (state === 'active') await volume.probeWriting();
  return { id: volume.id, ...(await volume.space()) };
}

async function atMost<T>(ms: number, clock: Clock, work: Promise<T>): Promise<T | undefined> {
  let timer: Timer | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = clock.setTimer(ms, () => resolve(undefined));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    timer?.cancel();
  }
}
