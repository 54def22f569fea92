import { NightjarError } from '@nightjar/common';

/** Reason of a gap that a failed write leaves. */
export type WriteFailure = 'disk-full' | 'disk-error' | 'volume-missing' | 'unsupported';

/** What an error of the file system means for the recording. */
export function writeFailureOf(error: unknown): WriteFailure {
  if (error instanceof NightjarError) {
    if (error.code.startsWith('recording/volume-')) return 'volume-missing';
    if (error.code.startsWith('containers/')) return 'unsupported';
    return error.kind === 'exhausted' ? 'disk-full' : 'disk-error';
  }
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT' ? 'disk-full' : 'disk-error';
}
