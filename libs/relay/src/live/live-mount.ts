import { NightjarError, type Clock } from '@nightjar/common';
import { ONVIF_BACKCHANNEL, type Range, type SdpTrack } from '@nightjar/rtsp';
import type { Hub } from '../hub/hub.js';
import { sameTracks } from '../hub/same-tracks.js';
import { LIVE_MEDIA } from '../rtsp-server/live-media.js';
import type {
  Mount,
  MountAccess,
  MountDescription,
  MountMedia,
  MountObserver,
  MountStream,
  MountTrack,
  Paused,
  PlayAnswer,
  ReaderTransport,
  StreamOutput,
} from '../rtsp-server/mount.js';
import { LiveReader } from './live-reader.js';
import type { TalkDesk, Talker } from './talk-desk.js';

export interface LiveMountOptions {
  readonly hub: Hub;
  readonly camera: string;
  /** As measured; undefined while it is not known. */
  readonly bytesPerSecond?: () => number | undefined;
  /** What one reader gets at most. */
  readonly maxBytesPerSecond?: number | undefined;
  /** How long players stay while the camera is away; undefined: for as long as they like. */
  readonly stayMs: () => number | undefined;
  /** Unique; shown as the session name in the SDP. */
  readonly name: string;
  /** Stable `o=` session id. */
  readonly sessionId: string;
  /** How long DESCRIBE waits for a camera that has to be connected first. */
  readonly startTimeoutMs: number;
  readonly maxQueueBytes: number;
  readonly clock: Clock;
  readonly onSkip: (transport: ReaderTransport) => void;
  readonly observer: MountObserver;
  /** Called when a player starts or ends, for counting readers. */
  readonly onReaders: (transport: ReaderTransport, change: 1 | -1) => void;
  /** Absent where nobody can talk to the camera. */
  readonly talk?: LiveTalk | undefined;
}

export interface LiveTalk {
  readonly desk: TalkDesk;
  /** Who would talk. */
  readonly user: string | undefined;
  /** @throws NightjarError for who may not */
  readonly requireAllowed: () => void;
}

/** A camera stream as an RTSP mount. */
export class LiveMount implements Mount {
  readonly kind = 'live' as const;
  readonly shared: string;
  readonly observer: MountObserver;
  readonly bytesPerSecond: () => number | undefined;
  readonly features: readonly string[];
  /** Of the description, where it has one. */
  private talkTrack: number | undefined;
  /** Those of the camera. */
  private described: readonly SdpTrack[] = [];

  constructor(private readonly options: LiveMountOptions) {
    this.shared = options.name;
    this.bytesPerSecond = options.bytesPerSecond ?? (() => undefined);
    this.observer = options.observer;
    this.features = options.talk === undefined ? [] : [ONVIF_BACKCHANNEL];
  }

  /** Who is given a back channel must be allowed to talk, too. */
  get access(): readonly MountAccess[] {
    const { camera } = this.options;
    const view = { action: 'view', camera } as const;
    return this.talkTrack === undefined ? [view] : [view, { action: 'talk', camera }];
  }

  /** While the camera is away nothing comes as time passes. */
  media(): MountMedia {
    const content = this.options.hub.state === 'connecting' ? 'dynamic' : 'progressing';
    return { ...LIVE_MEDIA, properties: { ...LIVE_MEDIA.properties, content } };
  }

  async describe(required: readonly string[]): Promise<MountDescription> {
    const { hub, talk, name, sessionId, startTimeoutMs } = this.options;
    const talks = talk !== undefined && required.includes(ONVIF_BACKCHANNEL);
    if (talks) {
      talk.requireAllowed();
      talk.desk.requireFree();
    }
    this.described = await hub.ready(startTimeoutMs);
    const sent = this.described.map((track, at) => ({ ...track, ssrc: hub.ssrc(at) }));
    const tracks = talks ? [...sent.map(received), this.backchannel(sent.length)] : sent;
    const sessionVersion = hub.tracksVersion;
    return { name, sessionId, sessionVersion, range: ['npt=now-'], tracks };
  }

  open(output: StreamOutput, setUp: readonly number[]): MountStream {
    const { talkTrack } = this;
    const talks = talkTrack !== undefined && setUp.includes(talkTrack);
    return new LiveStream(this.options, this.described, output, talks ? talkTrack : undefined);
  }

  /** @throws NightjarError with status 551 when the camera has none */
  private backchannel(index: number): MountTrack {
    const track = this.options.talk?.desk.track;
    if (track === undefined)
      throw new NightjarError('invalid', 'relay/no-backchannel', 'the camera has no back channel', {
        unsupported: ONVIF_BACKCHANNEL,
      });
    this.talkTrack = index;
    return { ...track, attributes: ['sendonly'] };
  }
}

/** Who is shown a back channel needs to know which way the others go. */
function received(track: MountTrack): MountTrack {
  return { ...track, attributes: ['recvonly'] };
}

class LiveStream implements MountStream, Talker {
  private reader: LiveReader | undefined;

  constructor(
    private readonly options: LiveMountOptions,
    private readonly described: readonly SdpTrack[],
    private readonly output: StreamOutput,
    private readonly talkTrack: number | undefined,
  ) {}

  get user(): string | undefined {
    return this.options.talk?.user;
  }

  /**
   * Range, Scale and Speed mean nothing to a live stream: it plays from now (RFC 2326 s.10.5).
   * @throws NightjarError 'exhausted' for a second talker, with status 454 where the session was set up for other tracks
   */
  // eslint-disable-next-line typescript/require-await -- refusals must arrive as rejections
  async play(): Promise<PlayAnswer> {
    const { hub } = this.options;
    const tracks = hub.tracks ?? [];
    if (hub.tracks !== undefined && !sameTracks(this.described, tracks))
      throw new NightjarError(
        'conflict',
        'relay/tracks-changed',
        'the stream has other tracks now',
        {
          status: 454,
        },
      );
    if (this.talkTrack !== undefined) this.options.talk?.desk.enter(this);
    if (this.reader !== undefined) return { rtpInfo: tracks.map((_, track) => ({ track })) };
    const positions = hub.position();
    const reader = new LiveReader(this.output, {
      ...this.options,
      described: this.described,
      onSkip: () => this.options.onSkip(this.output.transport),
    });
    this.reader = reader;
    this.options.onReaders(this.output.transport, 1);
    hub.attach(reader, { fromKeyframe: true });
    reader.joined();
    return {
      range: 'npt=now-',
      rtpInfo: tracks.map((_, track) => {
        const at = positions[track];
        if (at === undefined) return { track };
        return { track, ssrc: at.ssrc, seq: at.sequence, rtptime: at.timestamp };
      }),
    };
  }

  pause(at?: Range): Promise<Paused> {
    if (at !== undefined && !(at.unit === 'npt' && at.start === 'now')) {
      return Promise.reject(
        new NightjarError('invalid', 'relay/pause-point', 'a live stream has no time but now', {
          status: 457,
        }),
      );
    }
    this.leave();
    return Promise.resolve({});
  }

  close(): void {
    this.leave();
  }

  receive(track: number, rtcp: boolean, buf: Buffer, offset: number, length: number): void {
    if (track === this.talkTrack && !rtcp) this.options.talk?.desk.rtp(this, buf, offset, length);
  }

  private leave(): void {
    this.options.talk?.desk.leave(this);
    const reader = this.reader;
    if (reader === undefined) return;
    this.reader = undefined;
    reader.left();
    this.options.onReaders(this.output.transport, -1);
    this.options.hub.detach(reader);
  }
}
