import { NightjarError } from '@nightjar/common';

/**
 * The error for a message that cannot be accepted: kind `protocol`, or `exhausted` when a limit was
 * passed. `where.status` is the RTSP status to answer, `where.cseq` the CSeq to answer with, if known.
 */
export function messageDefect(
  kind: 'protocol' | 'exhausted',
  code: `rtsp/${string}`,
  message: string,
  status: number,
  cseq?: number,
): NightjarError {
  return new NightjarError(kind, code, message, cseq === undefined ? { status } : { status, cseq });
}
