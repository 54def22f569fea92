import { createHash } from 'node:crypto';
import type { RecordingConfig } from '@nightjar/config';
import { isWritable, type VolumeStatus } from './volume-status.js';

/** By free space: volumes within this share of the size of the one with most are as good as that one. */
export const FREE_SPACE_MARGIN = 0.05;

export interface ChoiceRequest {
  /** Statuses of the volumes that may be used, the preferred first. */
  readonly volumes: readonly VolumeStatus[];
  readonly placement: RecordingConfig['placement'];
  /** Whose footage: streams are spread over volumes that are equally good. */
  readonly stream: string;
  /** Name of the volume it goes to now. */
  readonly current: string | undefined;
}

/**
 * Which volume the footage of a stream goes to; undefined when none can be written. One that was only too slow is taken when
 * there is no other: what it cannot take in time is dropped with a gap, and that is less than everything.
 */
export function chooseVolume(request: ChoiceRequest): string | undefined {
  const healthy = request.volumes.filter(isWritable);
  const usable = healthy.length > 0 ? healthy : request.volumes.filter(isOnlySlow);
  return request.placement === 'order' ? usable[0]?.name : mostFree(usable, request);
}

function isOnlySlow(status: VolumeStatus): boolean {
  return (
    status.state === 'active' && status.id !== undefined && status.problem?.reason === 'disk-slow'
  );
}

/** Stays where it is while that is nearly as good as the best, so that streams do not hop with every measurement. */
function mostFree(
  usable: readonly VolumeStatus[],
  { current, stream }: ChoiceRequest,
): string | undefined {
  let best = usable[0];
  for (const status of usable) if ((status.freeBytes ?? 0) > (best?.freeBytes ?? 0)) best = status;
  if (best === undefined) return undefined;
  const enough = (best.freeBytes ?? 0) - (best.sizeBytes ?? 0) * FREE_SPACE_MARGIN;
  const equals = usable.filter(({ freeBytes = 0 }) => freeBytes >= enough);
  if (equals.some(({ name }) => name === current)) return current;
  return highest(equals, ({ name }) => rankOf(stream, name))?.name;
}

/** Rendezvous hashing: who else is there does not change the rank. */
function rankOf(stream: string, volume: string): number {
  return createHash('sha256').update(`${stream}\n${volume}`).digest().readUInt32BE(0);
}

function highest<T>(items: readonly T[], rank: (item: T) => number): T | undefined {
  return items.reduce<T | undefined>(
    (best, item) => (best === undefined || rank(item) > rank(best) ? item : best),
    undefined,
  );
}
