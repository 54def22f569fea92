import { NightjarError } from '@nightjar/common';

/** Why a volume cannot be used. */
export type VolumeFailure =
  'disk-full' | 'disk-slow' | 'disk-error' | 'disk-read-only' | 'no-permission' | 'volume-missing';

/** Reason of a gap that a failed write leaves; `unsupported` is the camera's doing, all others are the volume's. */
export type WriteFailure = VolumeFailure | 'unsupported';

/** By the error of the system; every other one is `disk-error`. */
const BY_CODE: ReadonlyMap<unknown, VolumeFailure> = new Map(
  Object.entries({
    ENOSPC: 'disk-full',
    EDQUOT: 'disk-full',
    EFBIG: 'disk-full',
    EROFS: 'disk-read-only',
    EACCES: 'no-permission',
    EPERM: 'no-permission',
    ETIMEDOUT: 'disk-slow',
    // The folder, its disk or its server is not there (any more).
    ENOENT: 'volume-missing',
    ENOTDIR: 'volume-missing',
    ENODEV: 'volume-missing',
    ENXIO: 'volume-missing',
    ESTALE: 'volume-missing',
    ENOTCONN: 'volume-missing',
  } as const),
);

/** What an error of the file system means for the recording. */
export function writeFailureOf(error: unknown): WriteFailure {
  if (error instanceof NightjarError) {
    if (error.code.startsWith('recording/volume-')) return 'volume-missing';
    if (error.code.startsWith('containers/')) return 'unsupported';
    return error.kind === 'exhausted' ? 'disk-full' : 'disk-error';
  }
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return BY_CODE.get(code) ?? 'disk-error';
}
