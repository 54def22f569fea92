import { NightjarError, type Clock } from '@nightjar/common';
import {
  createRtspSource,
  StartGate,
  type CameraTrust,
  type OfflineReason,
  type SourceSink,
} from '@nightjar/relay';
import { payloadEndOf, payloadStartOf, startsKeyframe } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import { UNTRUSTED } from '../client/device-http.js';
import type { Login } from '../client/onvif-client.js';

/** Longer than the distance of keyframes of any sensible camera. */
const LIMIT_MS = 15_000;
const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined };

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
  stream: TestedStream,
  clock: Clock,
  limitMs = LIMIT_MS,
): Promise<void> {
  let end: (error?: NightjarError) => void = () => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    end = (error) => (error === undefined ? resolve() : reject(error));
  });
  const timer = clock.setTimer(limitMs, () =>
    end(failure('unavailable', `no keyframe within ${limitMs / 1000} s`)),
  );
  let tracks: readonly SdpTrack[] = [];
  const sink: SourceSink = {
    online: (given) => {
      tracks = given;
      const video = given.find(({ format }) => ['h264', 'h265'].includes(format.codec));
      if (video === undefined) end(failure('protocol', 'it holds no H.264 or H.265 video'));
    },
    rtp: (track, buf, offset, length) => {
      const codec = tracks[track]?.format.codec;
      if (codec === undefined) return;
      const start = payloadStartOf(buf, offset);
      if (startsKeyframe(codec, buf, start, payloadEndOf(buf, offset, length))) end();
    },
    senderReport: () => undefined,
    flush: () => undefined,
    offline: (reason, detail) => end(failureOf(reason, detail)),
  };
  const source = createRtspSource(
    {
      url: stream.url,
      credentials: stream.login,
      trust: stream.trust,
      transport: 'auto',
      inactivityMs: LIMIT_MS,
      reconnect: { initialMs: LIMIT_MS, maxMs: LIMIT_MS, tries: 1 },
      gate: new StartGate(clock),
      clock,
      log: SILENT,
    },
    sink,
  );
  source.start();
  try {
    await ended;
  } finally {
    timer.cancel();
    await source.stop();
  }
}

function failureOf(reason: OfflineReason, detail: string): NightjarError {
  if (reason === 'untrusted')
    return new NightjarError('forbidden', UNTRUSTED, `the stream cannot be played: ${detail}`);
  if (reason === 'unauthorized') return failure('unauthenticated', detail);
  const isAnswer = reason === 'protocol' || reason === 'not-found';
  return failure(isAnswer ? 'protocol' : 'unavailable', detail);
}

function failure(
  kind: 'unauthenticated' | 'unavailable' | 'protocol',
  detail: string,
): NightjarError {
  return new NightjarError(kind, 'discovery/stream-test', `the stream cannot be played: ${detail}`);
}
