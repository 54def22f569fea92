import type { FootageSpan } from '@nightjar/access';
import { NightjarError, type Clock } from '@nightjar/common';
import type { Archive, SegmentReader } from '@nightjar/recording';
import type {
  BlockPool,
  Mount,
  MountAccess,
  MountDescription,
  MountMedia,
  MountStream,
  MountTrack,
  StreamOutput,
} from '@nightjar/relay';
import { ONVIF_REPLAY, PLAY_SCALE, PLAY_SPEED, printRange } from '@nightjar/rtsp';
import { Footage } from './footage.js';
import { MAX_SCALE, MIN_SCALE } from './play-plan.js';
import { PlaybackStream } from './playback-stream.js';
import { Timeline } from './timeline.js';
import { presentedTracks } from './track-list.js';
import type { Turns } from './turns.js';

/** At the end of a range; behind more of them nobody looks for tracks that the first segment has not. */
const MAX_EMPTY_SEGMENTS = 8;
/** Less footage says little of its rate: a keyframe weighs too much. */
const MIN_MEASURED_MS = 2_000;

export interface PlaybackMountOptions {
  readonly archive: Archive;
  readonly camera: string;
  readonly stream: string;
  /** Unix epoch milliseconds; the whole archive when they are left out. Without an end it grows with the recording. */
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  /** `real`: what was not recorded takes its time. Else it is skipped. */
  readonly gaps: 'skip' | 'real';
  readonly clock: Clock;
  /** Shared by all that replay without pacing. */
  readonly turns: Turns;
  /** Memory that packets are sent from; shared. */
  readonly blocks: BlockPool;
  readonly cname: string;
  readonly onError: (error: unknown) => void;
  /** A playback session began (1) or ended (-1). */
  readonly onSessions: (change: 1 | -1) => void;
}

interface Opened {
  readonly footage: Footage;
  readonly timeline: Timeline;
  readonly tracks: readonly MountTrack[];
  /** Of the segment at the beginning, media and boxes; undefined: it is too short to say. */
  readonly bytesPerSecond: number | undefined;
}

/** A range of a recording as an RTSP mount, for one session. Play time 0 stays where it was when it was described. */
export class PlaybackMount implements Mount {
  readonly kind = 'playback' as const;
  readonly features = [ONVIF_REPLAY, PLAY_SCALE, PLAY_SPEED];
  readonly access: readonly MountAccess[];
  readonly countedAs: string;
  private opened: Opened | undefined;

  constructor(private readonly options: PlaybackMountOptions) {
    const { camera, stream, startMs, endMs } = options;
    this.countedAs = `${camera}/${stream}`;
    this.access = [{ action: 'playback', camera, span: spanOf(startMs, endMs) }];
  }

  /** Known once it was described. */
  bytesPerSecond(): number | undefined {
    return this.opened?.bytesPerSecond;
  }

  async describe(required: readonly string[]): Promise<MountDescription> {
    const { timeline, tracks } = await this.load();
    const { startMs, growing } = timeline;
    const { npt, clock } = rangesOf(timeline, growing ? undefined : timeline.endMs);
    return {
      name: `${this.options.camera} recording`,
      sessionId: String(Math.floor(startMs)),
      sessionVersion: 1,
      // Players look at the first: those of ONVIF reckon by the clock, all others by play time.
      range: required.includes(ONVIF_REPLAY) ? [clock, npt] : [npt, clock],
      tracks,
    };
  }

  media(): MountMedia {
    const { timeline } = this.opened!;
    const { npt, clock } = rangesOf(timeline, timeline.endMs);
    return {
      properties: {
        seeking: 'random',
        content: timeline.growing ? 'progressing' : 'immutable',
        retention: 'unlimited',
        scales: [
          [-MAX_SCALE, -MIN_SCALE],
          [MIN_SCALE, MAX_SCALE],
        ],
      },
      ranges: [npt, clock],
      units: ['npt', 'clock'],
    };
  }

  open(output: StreamOutput): MountStream {
    const { archive, camera, stream, clock, turns, blocks, cname, onError, onSessions } =
      this.options;
    // SETUP described the mount before PLAY could open it.
    const { footage, timeline, tracks } = this.opened!;
    onSessions(1);
    return new PlaybackStream({
      footage,
      timeline,
      tracks,
      output,
      clock,
      turns,
      blocks,
      cname,
      live: timeline.growing ? { archive, camera, stream, clock } : undefined,
      catchUp: async (behind) => {
        const newer = await archive.extents(camera, stream, behind.endMs, behind.limitMs);
        for (const extent of newer) behind.append(extent);
      },
      onError,
      onClose: () => onSessions(-1),
    });
  }

  private async load(): Promise<Opened> {
    const { archive, camera, stream, startMs = 0, endMs = Infinity, gaps, clock } = this.options;
    const growing = endMs > clock.wallMs();
    const extents = await archive.extents(camera, stream, startMs, endMs);
    const around = new Footage({ archive, camera, stream, startMs, endMs });
    const first = extents.length === 0 ? undefined : await around.openAt(startMs);
    if (first === undefined || first.startMs >= endMs) {
      await first?.close();
      const reason = `Nothing was recorded of ${camera}, stream ${stream}, in this range`;
      throw new NightjarError('not-found', 'playback/no-footage', reason, { reason });
    }
    try {
      // Play time 0 is a picture: the keyframe at or before the asked time.
      const fromMs =
        startMs <= first.startMs
          ? first.startMs
          : (first.keyframeAt(startMs)?.wallMs ?? first.startMs);
      const tracks = presentedTracks(first.header.tracks, await this.lastTracks(around));
      const timeline = new Timeline(extents, fromMs, endMs, { gaps, growing });
      const footage = new Footage({ archive, camera, stream, startMs: fromMs, endMs });
      this.opened = { footage, timeline, tracks, bytesPerSecond: rateOf(first) };
      return this.opened;
    } finally {
      await first.close();
    }
  }

  private async lastTracks(footage: Footage): Promise<MountTrack['format'][]> {
    const last = await footage.openBefore(
      Math.min(footage.options.endMs, this.options.clock.wallMs()),
      MAX_EMPTY_SEGMENTS,
    );
    await last?.close();
    return [...(last?.header.tracks ?? [])];
  }
}

/** What is asked for with these ends. */
export function spanOf(startMs = -Infinity, endMs = Infinity): FootageSpan {
  return { startMs, endMs };
}

function rateOf({ mediaEnd, startMs, endMs }: SegmentReader): number | undefined {
  const lengthMs = endMs - startMs;
  return lengthMs < MIN_MEASURED_MS ? undefined : (mediaEnd * 1000) / lengthMs;
}

/** The range of a time line in both of its times, as headers and SDP tell it. */
function rangesOf(
  { startMs, durationMs }: Timeline,
  endMs: number | undefined,
): { readonly npt: string; readonly clock: string } {
  return {
    npt: printRange({ unit: 'npt', start: 0, end: durationMs / 1000 }),
    clock: printRange({ unit: 'clock', start: startMs, end: endMs }),
  };
}
