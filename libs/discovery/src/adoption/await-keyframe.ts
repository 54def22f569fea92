import { NightjarError, type Clock } from '@nightjar/common';
import { awaitPicture, type CameraTrust } from '@nightjar/relay';
import { UNTRUSTED } from '../client/device-http.js';
import type { Login } from '../client/onvif-client.js';

/** Longer than the distance of keyframes of any sensible camera. */
const LIMIT_MS = 15_000;

export interface TestedStream {
  readonly url: string;
  readonly login: Login | undefined;
  readonly trust: CameraTrust | undefined;
}

/**
 * Plays a stream until its first keyframe, with one attempt to log in.
 * @throws NightjarError `unauthenticated`, `forbidden` for a certificate, `unavailable` or `protocol`, with what the camera said
 */
export async function awaitKeyframe(
  { url, login, trust }: TestedStream,
  clock: Clock,
  limitMs = LIMIT_MS,
): Promise<void> {
  const target = { url, credentials: login, trust, transport: 'auto' } as const;
  const limits = { timeoutMs: limitMs, attempts: 1 };
  const { tracks } = await awaitPicture(target, limits, clock).catch((error: unknown) => {
    if (!(error instanceof NightjarError)) throw error;
    if (error.where['reason'] !== 'untrusted')
      throw cannotBePlayed(error.kind, error.message, 'discovery/stream-test', error);
    throw cannotBePlayed('forbidden', error.message, UNTRUSTED, error);
  });
  if (!tracks.some(({ format }) => ['h264', 'h265'].includes(format.codec)))
    throw cannotBePlayed('protocol', 'it holds no H.264 or H.265 video');
}

function cannotBePlayed(
  kind: NightjarError['kind'],
  detail: string,
  code: NightjarError['code'] = 'discovery/stream-test',
  cause?: unknown,
): NightjarError {
  const message = `the stream cannot be played: ${detail}`;
  return new NightjarError(kind, code, message, {}, cause);
}
