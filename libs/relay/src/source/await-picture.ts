import { NightjarError, type Clock, type ErrorKind } from '@nightjar/common';
import { payloadEndOf, payloadStartOf, startsKeyframe } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import { createRtspSource, type RtspSourceOptions } from './rtsp-source.js';
import type { OfflineReason, SourceSink } from './source.js';
import { StartGate } from './start-gate.js';

/** What stands in a configuration about how to connect. */
export type PictureTarget = Pick<
  RtspSourceOptions,
  'url' | 'credentials' | 'transport' | 'via' | 'trust' | 'redirectHosts' | 'quirks'
>;

export interface PictureLimits {
  readonly timeoutMs: number;
  /** Failed attempts to connect after which the camera is given up; 1 asks for a login once. */
  readonly attempts: number;
}

export interface Picture {
  readonly tracks: readonly SdpTrack[];
  /** From the beginning to the first packet of a keyframe; without video that has any, to the first packet. */
  readonly firstPictureMs: number;
  /** Of RTP packets until then. */
  readonly bytes: number;
  /** What the camera did that it should not, and that was borne: names of docs/ref/quirks.md. */
  readonly quirks: readonly string[];
}

/** A camera that says nothing for so long has stalled. */
const INACTIVITY_MS = 10_000;
const RECONNECT = { initialMs: 500, maxMs: 2_000 };
/** What another attempt will not mend. */
const FINAL: ReadonlySet<OfflineReason> = new Set(['unauthorized', 'untrusted', 'not-found']);
const KIND: Partial<Record<OfflineReason, ErrorKind>> = {
  unauthorized: 'unauthenticated',
  protocol: 'protocol',
  'not-found': 'protocol',
};
const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined };

/**
 * Connects as the relay does, waits for a picture and leaves.
 * @throws NightjarError `relay/no-picture` when there is none in time, or none to be had: `unauthenticated`, `protocol` or `unavailable`, with
 * what the camera said, `reason` where it is an {@link OfflineReason}, and its `quirks` where there are; `invalid` for a URL that is none
 */
export async function awaitPicture(
  target: PictureTarget,
  { timeoutMs, attempts }: PictureLimits,
  clock: Clock,
  create = createRtspSource,
): Promise<Picture> {
  const startedMs = clock.monotonicMs();
  let tracks: readonly SdpTrack[] = [];
  let bytes = 0;
  let failures = 0;
  let last: { readonly reason: OfflineReason; readonly detail: string } | undefined;
  let end: (outcome: Picture | NightjarError) => void = () => undefined;
  const ended = new Promise<Picture>((resolve, reject) => {
    end = (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome));
  });
  const quirks = (): readonly string[] => source.stats.quirks ?? [];
  const giveUp = (): void => {
    const kind = (last && KIND[last.reason]) ?? 'unavailable';
    const detail = last?.detail ?? waitedFor(tracks, bytes, timeoutMs);
    const where = {
      ...(last && { reason: last.reason }),
      ...(quirks().length > 0 && { quirks: quirks().join(', ') }),
    };
    end(new NightjarError(kind, 'relay/no-picture', detail, where));
  };
  const timer = clock.setTimer(timeoutMs, giveUp);
  const sink: SourceSink = {
    online: (given) => {
      tracks = given;
      last = undefined;
    },
    rtp: (track, buf, offset, length) => {
      bytes += length;
      const codec = tracks[track]?.format.codec;
      if (codec === undefined) return;
      if (tracks.some(hasKeyframes)) {
        const payloadEnd = payloadEndOf(buf, offset, length);
        if (!startsKeyframe(codec, buf, payloadStartOf(buf, offset), payloadEnd)) return;
      }
      const firstPictureMs = clock.monotonicMs() - startedMs;
      end({ tracks, firstPictureMs, bytes, quirks: quirks() });
    },
    senderReport: () => undefined,
    flush: () => undefined,
    offline: (reason, detail) => {
      last = { reason, detail };
      // Who was connected may come back; so may who did not answer, a few times.
      failures += tracks.length === 0 ? 1 : 0;
      tracks = [];
      if (FINAL.has(reason) || failures >= attempts) giveUp();
    },
  };
  const source = create(
    {
      ...target,
      inactivityMs: INACTIVITY_MS,
      reconnect: RECONNECT,
      gate: new StartGate(clock),
      clock,
      log: SILENT,
    },
    sink,
  );
  source.start();
  try {
    return await ended;
  } finally {
    timer.cancel();
    await source.stop();
  }
}

const hasKeyframes = ({ format }: SdpTrack): boolean =>
  format.codec === 'h264' || format.codec === 'h265';

function waitedFor(tracks: readonly SdpTrack[], bytes: number, timeoutMs: number): string {
  const time = `within ${timeoutMs / 1000} s`;
  if (tracks.length === 0) return `no answer ${time}`;
  if (bytes === 0) return `connected, and nothing came ${time}`;
  return `connected, ${bytes} bytes came, and no keyframe ${time}`;
}
