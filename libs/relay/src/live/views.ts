import type { WhenOfflineConfig } from '@nightjar/config';
import type { StreamHub } from '../hub/stream-hub.js';
import { StandInSource, type Shown } from '../stand-in/stand-in-source.js';
import type { SourceSink, Source } from '../source/source.js';
import { matchTracks } from '../stand-in/track-match.js';
import type { RelayStream } from './relay-stream.js';

/** What players of a stream are given. */
export interface View {
  /** The camera's own hub, or one where something else takes its place while it is away. */
  readonly hub: StreamHub;
  /** How long players stay while the camera is away, asked each time; undefined: for as long as they like. */
  readonly stayMs: () => number | undefined;
}

export interface ViewsOptions {
  readonly clock: StandInClock;
  /** Makes a hub like those of the cameras. */
  readonly createHub: (createSource: (sink: SourceSink) => Source) => StreamHub;
  readonly find: (camera: string, stream: string) => RelayStream | undefined;
  readonly onShown: (stream: RelayStream, shown: Shown) => void;
  /** A stream cannot take the place of another. */
  readonly onUnfit: (stream: RelayStream, fallback: string, why: 'codecs' | 'elsewhere') => void;
  /** A stream could not take the place of another if that went away: told once, as soon as both are known. */
  readonly onMismatch: (stream: RelayStream, fallback: string) => void;
  readonly onClosed: (stream: RelayStream, hub: StreamHub) => void;
}

type StandInClock = ConstructorParameters<typeof StandInSource>[0]['clock'];

interface Made {
  readonly of: RelayStream;
  readonly policy: WhenOfflineConfig;
  readonly hub: StreamHub;
}

/** Hubs for players of the streams that something takes the place of while their camera is away; made when first asked for. */
export class Views {
  private policies: ReadonlyMap<RelayStream, WhenOfflineConfig> = new Map();
  private readonly made = new Map<RelayStream, Made>();
  /** Streams whose fallback was looked at, and by what policy. */
  private readonly compared = new WeakMap<RelayStream, WhenOfflineConfig>();

  constructor(private readonly options: ViewsOptions) {}

  /** These are all streams now. Players of a view that is another now, or of none, are sent away. */
  apply(policies: ReadonlyMap<RelayStream, WhenOfflineConfig>): void {
    this.policies = policies;
    for (const [stream, view] of this.made) {
      const policy = policies.get(stream);
      if (policy !== undefined && JSON.stringify(policy) === JSON.stringify(view.policy)) continue;
      this.made.delete(stream);
      this.options.onClosed(stream, view.hub);
    }
  }

  of(stream: RelayStream): View {
    const policy = this.policies.get(stream);
    if (policy?.strategy !== 'slate' && policy?.strategy !== 'fallback') {
      const stayMs = (): number | undefined => {
        const now = this.policies.get(stream);
        return now?.strategy === 'disconnect' ? now.afterMs : undefined;
      };
      return { hub: stream.hub, stayMs };
    }
    let view = this.made.get(stream);
    if (view === undefined) {
      view = { of: stream, policy, hub: this.hubOf(stream, policy) };
      this.made.set(stream, view);
    }
    return { hub: view.hub, stayMs: () => undefined };
  }

  /** The tracks of a stream have become known. Compares those that one is to take the place of the other of. */
  compare(): void {
    for (const [stream, policy] of this.policies) {
      const { fallback } = policy;
      const own = stream.hub.tracks;
      if (fallback === undefined || own === undefined || this.compared.get(stream) === policy)
        continue;
      const other = this.options.find(fallback.camera, fallback.stream)?.hub.tracks;
      if (other === undefined) continue;
      this.compared.set(stream, policy);
      if (matchTracks(own, other) === undefined) this.options.onMismatch(stream, nameOf(fallback));
    }
  }

  private hubOf(stream: RelayStream, { fallback, afterMs }: WhenOfflineConfig): StreamHub {
    const { clock, createHub, find, onShown, onUnfit } = this.options;
    return createHub(
      (sink) =>
        new StandInSource(
          {
            hub: stream.hub,
            fallback:
              fallback === undefined
                ? undefined
                : () => find(fallback.camera, fallback.stream)?.hub,
            afterMs,
            clock,
            onShown: (shown) => onShown(stream, shown),
            onUnfit: (why) => onUnfit(stream, fallback === undefined ? '' : nameOf(fallback), why),
          },
          sink,
        ),
    );
  }
}

function nameOf({ camera, stream }: NonNullable<WhenOfflineConfig['fallback']>): string {
  return `${camera}/${stream}`;
}
