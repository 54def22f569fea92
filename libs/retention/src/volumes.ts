import type { VolumeRow } from '@nightjar/catalog';
import type { RetentionRules } from './rules/rules.js';

/** A volume whose file system can be measured. */
export interface SizedVolume {
  readonly id: string;
  space(): Promise<{ readonly freeBytes: number; readonly sizeBytes: number }>;
}

/**
 * Ids of the volumes whose footage counts for the limits of cameras and groups: all configured ones but read-only ones,
 * for what nobody may delete must not drive out what is recorded now. A disk that was replaced under its name counts on:
 * its footage is the oldest, so it takes nothing from the new one.
 */
export function countedVolumes(known: readonly VolumeRow[], rules: RetentionRules): string[] {
  const states = new Map(rules.volumes.map(({ volume, state }) => [volume, state]));
  return known.flatMap(({ id, name }) => {
    const state = states.get(name);
    return state === undefined || state === 'read-only' ? [] : [id];
  });
}
