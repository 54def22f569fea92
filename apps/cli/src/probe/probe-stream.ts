import { NightjarError, type Clock } from '@nightjar/common';
import {
  createRtspSource,
  StartGate,
  StreamHub,
  type HubReader,
  type OfflineReason,
  type RtspSourceOptions,
} from '@nightjar/relay';
import type { SdpTrack } from '@nightjar/rtsp';

export type ProbeTarget = Pick<
  RtspSourceOptions,
  'url' | 'credentials' | 'transport' | 'via' | 'trust' | 'redirectHosts' | 'quirks'
>;

export interface ProbeResult {
  /** As `video H264`. */
  readonly tracks: readonly string[];
  /** From the beginning to the first packet of a keyframe; without video, to the first packet. */
  readonly firstPictureMs: number;
  /** Of RTP packets until then. */
  readonly bytes: number;
  /** What the camera did that it should not, and that was borne: names of docs/ref/quirks.md. */
  readonly quirks: readonly string[];
}

/** A camera that says nothing for so long has stalled. */
const INACTIVITY_MS = 10_000;
/** Attempts that must fail before a camera is given up. */
const ATTEMPTS = 3;
/** What another attempt will not mend. */
const FINAL: ReadonlySet<OfflineReason> = new Set(['unauthorized', 'untrusted', 'not-found']);
const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined };

/**
 * Connects as the relay does, waits for a picture and leaves.
 * @throws NightjarError `unavailable` with the reason when there is none in time, or none to be had, `invalid` for a URL that is none
 */
export async function probeStream(
  target: ProbeTarget,
  timeoutMs: number,
  clock: Clock,
): Promise<ProbeResult> {
  const startedMs = clock.monotonicMs();
  const hub = new StreamHub({
    clock,
    closeAfterMs: 0,
    cname: 'nightjar-probe',
    createSource: (sink) =>
      createRtspSource(
        {
          ...target,
          inactivityMs: INACTIVITY_MS,
          reconnect: { initialMs: 500, maxMs: 2_000 },
          gate: new StartGate(clock),
          clock,
          log: SILENT,
        },
        sink,
      ),
  });
  // Timers of the clock keep no process alive, and between two attempts there is nothing else.
  const awake = setInterval(() => undefined, timeoutMs);
  try {
    return await new Promise((resolve, reject) => {
      let known: readonly SdpTrack[] = [];
      let bytes = 0;
      let failure: OfflineReason | undefined;
      let failures = 0;
      const quirks = (): readonly string[] => hub.sourceStats?.quirks ?? [];
      const giveUp = (): void => {
        timer.cancel();
        const why = failure ?? (known.length === 0 ? 'no answer' : 'connected, and nothing came');
        const met = quirks().length === 0 ? '' : ` (its quirks: ${quirks().join(', ')})`;
        const message = `no picture of ${target.url}: ${why}${met}`;
        reject(new NightjarError('unavailable', 'probe/no-picture', message));
      };
      const timer = clock.setTimer(timeoutMs, giveUp);
      const reader: HubReader = {
        holdsBatches: false,
        tracks: (tracks) => {
          known = tracks;
        },
        batch: ({ bytes: packets, keyframeAt }) => {
          bytes += packets.length;
          const video = known.some(({ format }) => format.kind === 'video');
          if (video && keyframeAt < 0) return;
          timer.cancel();
          resolve({
            tracks: known.map(({ format }) => `${format.kind} ${format.encodingName}`),
            firstPictureMs: clock.monotonicMs() - startedMs,
            bytes,
            quirks: quirks(),
          });
        },
        interrupted: (reason) => {
          failure = reason;
        },
        unavailable: (reason) => {
          failure = reason;
          failures += 1;
          if (FINAL.has(reason) || failures === ATTEMPTS) giveUp();
        },
        closed: () => undefined,
      };
      hub.attach(reader, { fromKeyframe: true });
    });
  } finally {
    clearInterval(awake);
    await hub.shutdown();
  }
}
