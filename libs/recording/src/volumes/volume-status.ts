import { messageOf } from '@nightjar/common';
import type { VolumeConfig } from '@nightjar/config';
import { writeFailureOf, type VolumeFailure } from './write-failure.js';

/** Why a volume cannot be used now. */
export interface VolumeProblem {
  readonly reason: VolumeFailure;
  /** For the operator, with the remedy where there is one. */
  readonly message: string;
}

/** A configured volume as its last check found it. Plain data: it is sent between processes. */
export interface VolumeStatus {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly state: VolumeConfig['state'];
  /** Undefined until it was opened for the first time. */
  readonly id?: string;
  /** Undefined: healthy. */
  readonly problem?: VolumeProblem;
  /** As last measured, and so no longer than the disk is there. */
  readonly freeBytes?: number;
  readonly sizeBytes?: number;
}

/** Whether footage may be written there. */
export function isWritable({ state, id, problem }: VolumeStatus): boolean {
  return state === 'active' && id !== undefined && problem === undefined;
}

/** Whether footage there can be read: a full or read-only disk still has it. */
export function isReadable({ id, problem }: VolumeStatus): boolean {
  const { reason } = problem ?? {};
  return (
    id !== undefined &&
    (reason === undefined || reason === 'disk-full' || reason === 'disk-read-only')
  );
}

/** What an error of the file system says about the volume. */
export function problemOf(error: unknown): VolumeProblem {
  const reason = writeFailureOf(error);
  return { reason: reason === 'unsupported' ? 'disk-error' : reason, message: messageOf(error) };
}
