import { NightjarError, type Clock } from '@nightjar/common';
import type { Archive } from '@nightjar/recording';
import type {
  BlockPool,
  Mount,
  MountDescription,
  MountStream,
  StreamOutput,
} from '@nightjar/relay';
import { printRange, type SdpTrack } from '@nightjar/rtsp';
import { Footage } from './footage.js';
import { PlaybackStream } from './playback-stream.js';
import { Timeline } from './timeline.js';
import type { Turns } from './turns.js';

export interface PlaybackMountOptions {
  readonly archive: Archive;
  readonly camera: string;
  readonly stream: string;
  /** Unix epoch milliseconds; the whole archive when they are left out. */
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
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
  readonly tracks: readonly SdpTrack[];
}

/** A range of a recording as an RTSP mount. It is what it was when it was described: footage that comes later is not in it. */
export class PlaybackMount implements Mount {
  readonly kind = 'playback' as const;
  private opened: Opened | undefined;

  constructor(private readonly options: PlaybackMountOptions) {}

  async describe(): Promise<MountDescription> {
    const { timeline, tracks } = await this.load();
    const npt = printRange({ unit: 'npt', start: 0, end: timeline.durationMs / 1000 });
    const clock = printRange({ unit: 'clock', start: timeline.startMs, end: timeline.endMs });
    return {
      name: `${this.options.camera} recording`,
      sessionId: String(Math.floor(timeline.startMs)),
      sessionVersion: 1,
      range: [npt, clock],
      tracks,
    };
  }

  open(output: StreamOutput): MountStream {
    const { clock, turns, blocks, cname, onError, onSessions } = this.options;
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
      onError,
      onClose: () => onSessions(-1),
    });
  }

  private async load(): Promise<Opened> {
    const {
      archive,
      camera,
      stream,
      startMs = 0,
      endMs = this.options.clock.wallMs(),
    } = this.options;
    const segments = await archive.list(camera, stream, startMs, endMs);
    const footage = new Footage(archive, segments, endMs);
    const first = await footage.openAt(startMs);
    if (first === undefined) {
      throw new NightjarError(
        'not-found',
        'playback/no-footage',
        'nothing was recorded in this range',
      );
    }
    try {
      // Play time 0 is a picture: the keyframe at or before the asked time.
      const fromMs =
        startMs <= first.startMs
          ? first.startMs
          : (first.keyframeAt(startMs)?.wallMs ?? first.startMs);
      const tracks = first.header.tracks.map((format) => ({
        format,
        control: '',
        direction: 'recvonly' as const,
      }));
      this.opened = { footage, timeline: new Timeline(segments, fromMs, endMs), tracks };
      return this.opened;
    } finally {
      await first.close();
    }
  }
}
