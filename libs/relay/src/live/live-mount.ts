import { NightjarError, type Clock } from '@nightjar/common';
import type { Range } from '@nightjar/rtsp';
import type { Hub } from '../hub/hub.js';
import type {
  Mount,
  MountAccess,
  MountDescription,
  MountObserver,
  MountStream,
  Paused,
  PlayAnswer,
  ReaderTransport,
  StreamOutput,
} from '../rtsp-server/mount.js';
import { LiveReader } from './live-reader.js';

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
}

/** A camera stream as an RTSP mount. */
export class LiveMount implements Mount {
  readonly kind = 'live' as const;
  readonly shared: string;
  readonly observer: MountObserver;
  readonly access: MountAccess;
  readonly bytesPerSecond: () => number | undefined;

  constructor(private readonly options: LiveMountOptions) {
    this.shared = options.name;
    this.access = { action: 'view', camera: options.camera };
    this.bytesPerSecond = options.bytesPerSecond ?? (() => undefined);
    this.observer = options.observer;
  }

  async describe(): Promise<MountDescription> {
    const tracks = await this.options.hub.ready(this.options.startTimeoutMs);
    return {
      name: this.options.name,
      sessionId: this.options.sessionId,
      sessionVersion: this.options.hub.tracksVersion,
      range: ['npt=now-'],
      tracks: tracks.map((track, at) => ({ ...track, ssrc: this.options.hub.ssrc(at) })),
    };
  }

  open(output: StreamOutput): MountStream {
    return new LiveStream(this.options, output);
  }
}

class LiveStream implements MountStream {
  private reader: LiveReader | undefined;

  constructor(
    private readonly options: LiveMountOptions,
    private readonly output: StreamOutput,
  ) {}

  /** Range, Scale and Speed mean nothing to a live stream: it plays from now (RFC 2326 s.10.5). */
  play(): Promise<PlayAnswer> {
    const { hub } = this.options;
    const tracks = hub.tracks ?? [];
    if (this.reader !== undefined)
      return Promise.resolve({ rtpInfo: tracks.map((_, track) => ({ track })) });
    const positions = hub.position();
    const reader = new LiveReader(this.output, {
      ...this.options,
      onSkip: () => this.options.onSkip(this.output.transport),
    });
    this.reader = reader;
    this.options.onReaders(this.output.transport, 1);
    hub.attach(reader, { fromKeyframe: true });
    reader.joined();
    return Promise.resolve({
      range: 'npt=now-',
      rtpInfo: tracks.map((_, track) => {
        const at = positions[track];
        if (at === undefined) return { track };
        return { track, ssrc: at.ssrc, seq: at.sequence, rtptime: at.timestamp };
      }),
    });
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

  private leave(): void {
    const reader = this.reader;
    if (reader === undefined) return;
    this.reader = undefined;
    reader.left();
    this.options.onReaders(this.output.transport, -1);
    this.options.hub.detach(reader);
  }
}
