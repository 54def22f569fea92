import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { VolumeRow } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import type { NightjarConfig } from '@nightjar/config';
import { Volume } from '@nightjar/recording';
import type { CountedVolume } from './plan/evaluate.js';
import type { RetentionRules } from './rules/rules.js';

/** A volume whose file system can be measured. */
export interface SizedVolume {
  readonly id: string;
  space(): Promise<{ readonly freeBytes: number; readonly sizeBytes: number }>;
}

/**
 * The volumes whose footage counts for the limits of cameras and groups: all configured ones but read-only ones,
 * for what nobody may delete must not drive out what is recorded now. A disk that was replaced under its name counts on:
 * its footage is the oldest, so it takes nothing from the new one.
 */
export function countedVolumes(
  known: readonly VolumeRow[],
  rules: RetentionRules,
): CountedVolume[] {
  const states = new Map(rules.volumes.map(({ volume, state }) => [volume, state]));
  return known.flatMap(({ id, name }) => {
    const state = states.get(name);
    return state === undefined || state === 'read-only' ? [] : [{ id, volume: name }];
  });
}

/**
 * Opens a configured volume to measure it. Gives no folder an identity.
 * @throws NightjarError `not-found` for a name that is not configured, `unavailable` while it is not there
 */
export async function openSized(config: NightjarConfig, name: string): Promise<SizedVolume> {
  const path = config.volumes[name]?.path;
  if (path === undefined)
    throw new NightjarError('not-found', 'retention/unknown-volume', `there is no volume ${name}`, {
      volume: name,
    });
  await access(join(path, '.nightjar', 'volume.json')).catch((error: unknown) => {
    throw new NightjarError(
      'unavailable',
      'retention/no-volume',
      `${path} holds no volume: is its disk mounted?`,
      { volume: name },
      error,
    );
  });
  return Volume.open(name, path);
}
