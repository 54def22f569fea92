import { messageOf, type Clock } from '@nightjar/common';
import type { CameraConfig, PublishedStreamConfig, PulledStreamConfig } from '@nightjar/config';
import { BlockPool } from '../hub/block-pool.js';
import { GopBudget } from '../hub/gop-budget.js';
import { StreamHub, type HubWatch } from '../hub/stream-hub.js';
import type { Publication } from '../publish/publication.js';
import type { Source, SourceSink } from '../source/source.js';
import type { Shown } from '../stand-in/stand-in-source.js';
import type { RelayStream, StreamTraffic } from './relay-stream.js';
import { TalkDesk } from './talk-desk.js';
import { StreamEvents } from './stream-events.js';
import { Views, type View } from './views.js';

export interface RelayOptions {
  readonly clock: Clock;
  readonly closeAfterMs: number;
  readonly cname: string;
  /** What the GOP caches of all streams may keep together, bytes. */
  readonly gopCacheBytes: number;
  /** Makes the upstream pull of one stream. */
  readonly createSource: (
    camera: CameraConfig,
    stream: string,
    settings: PulledStreamConfig,
    sink: SourceSink,
  ) => Source;
  /** Makes the upstream of a stream that is published. */
  readonly createPublication: (
    camera: CameraConfig,
    stream: string,
    settings: PublishedStreamConfig,
  ) => Publication;
  /** What players of a stream see is another now than the camera, or the camera again. */
  readonly onShown: (stream: RelayStream, shown: Shown) => void;
  /** A stream cannot take the place of another while that is away. */
  readonly onUnfit: (stream: RelayStream, fallback: string, why: 'codecs' | 'elsewhere') => void;
  /** A stream could not take the place of another if that went away. */
  readonly onMismatch: (stream: RelayStream, fallback: string) => void;
  /** Somebody begins or ends to talk to a camera. */
  readonly onTalk: (
    camera: string,
    stream: string,
    what: 'began' | 'ended',
    user: string | undefined,
  ) => void;
  /** A stream that could not be stopped cleanly. */
  readonly onError: (stream: RelayStream, detail: string) => void;
}

/** All streams that are declared now, one hub each. A change of the declaration touches only what it changes. */
export class Relay {
  private readonly streams = new Map<string, RelayStream & { readonly settings: string }>();
  private readonly listeners = new Set<(added: RelayStream[], removed: RelayStream[]) => void>();

  readonly events: StreamEvents;
  private readonly gopBudget: GopBudget;
  private readonly blocks = new BlockPool();
  private readonly views: Views;

  constructor(private readonly options: RelayOptions) {
    this.gopBudget = new GopBudget(options.gopCacheBytes);
    const { clock, onShown, onUnfit } = options;
    this.events = new StreamEvents(clock);
    this.views = new Views({
      clock,
      createHub: (createSource) => this.createHub(createSource),
      find: (camera, stream) => this.get(camera, stream),
      onShown: (stream, shown) => {
        this.events.shown(stream.camera, stream.stream, shown);
        onShown(stream, shown);
      },
      onUnfit,
      onMismatch: options.onMismatch,
      onClosed: (stream, hub) => void this.shutdown(stream, hub),
    });
  }

  /** Calls `listener` after every change of the set of streams. */
  onChange(listener: (added: RelayStream[], removed: RelayStream[]) => void): void {
    this.listeners.add(listener);
  }

  get(camera: string, stream: string): RelayStream | undefined {
    return this.streams.get(key(camera, stream));
  }

  /** What players of the stream are given. */
  view(stream: RelayStream): View {
    return this.views.of(stream);
  }

  /** Names of a camera's streams; none for a camera that is not declared. */
  streamsOf(camera: string): readonly string[] {
    return [...this.streams.values()]
      .filter((entry) => entry.camera === camera)
      .map(({ stream }) => stream);
  }

  all(): Iterable<RelayStream> {
    return this.streams.values();
  }

  /**
   * Makes the running streams those of `cameras`. A stream whose source settings are the same goes on untouched; one
   * whose settings differ is replaced and its readers are sent away.
   */
  apply(cameras: Readonly<Record<string, CameraConfig>>): void {
    const wanted = new Map<string, { camera: CameraConfig; stream: string; settings: string }>();
    for (const camera of Object.values(cameras)) {
      for (const stream of Object.keys(camera.streams)) {
        wanted.set(key(camera.name, stream), {
          camera,
          stream,
          settings: sourceSettings(camera, stream),
        });
      }
    }
    const removed: RelayStream[] = [];
    for (const [id, running] of this.streams) {
      if (wanted.get(id)?.settings === running.settings) continue;
      this.streams.delete(id);
      this.events.remove(running.camera, running.stream);
      removed.push(running);
    }
    const added: RelayStream[] = [];
    for (const [id, { camera, stream, settings }] of wanted) {
      if (this.streams.has(id)) continue;
      this.events.add(camera.name, stream);
      const upstream = this.upstream(camera, stream);
      const traffic: StreamTraffic = {
        tcp: { bytes: 0, packets: 0 },
        udp: { bytes: 0, packets: 0 },
        multicast: { bytes: 0, packets: 0 },
      };
      const entry = { camera: camera.name, stream, ...upstream, traffic, settings };
      this.streams.set(id, entry);
      added.push(entry);
    }
    this.views.apply(
      new Map(
        [...this.streams.values()].map((entry) => [
          entry,
          cameras[entry.camera]!.whenOffline[entry.stream]!,
        ]),
      ),
    );
    if (added.length === 0 && removed.length === 0) return;
    for (const listener of this.listeners) listener(added, removed);
    for (const gone of removed) void this.shutdown(gone, gone.hub);
  }

  async close(): Promise<void> {
    const all = [...this.streams.values()];
    this.streams.clear();
    this.views.apply(new Map());
    await Promise.all(all.map((stream) => this.shutdown(stream, stream.hub)));
  }

  private upstream(
    camera: CameraConfig,
    stream: string,
  ): Pick<RelayStream, 'hub' | 'publication' | 'talk'> {
    const { clock, createPublication, createSource, onTalk } = this.options;
    const settings = camera.streams[stream]!;
    if (settings.source === 'pull') {
      const hub = this.createHub(
        (sink) => createSource(camera, stream, settings, sink),
        this.watch(camera.name, stream),
      );
      const talk = settings.backchannel
        ? new TalkDesk({
            hub,
            clock,
            onTalk: (what, user) => onTalk(camera.name, stream, what, user),
          })
        : undefined;
      return { hub, publication: undefined, talk };
    }
    const publication = createPublication(camera, stream, settings);
    const hub = this.createHub(
      (sink) => publication.feeding(sink),
      this.watch(camera.name, stream),
    );
    publication.serve(hub);
    return { hub, publication, talk: undefined };
  }

  private watch(camera: string, stream: string): HubWatch {
    const { events } = this;
    return {
      online: () => {
        events.online(camera, stream);
        this.views.compare();
      },
      offline: (reason, login) => events.offline(camera, stream, reason, login),
    };
  }

  private createHub(createSource: (sink: SourceSink) => Source, watch?: HubWatch): StreamHub {
    const { clock, closeAfterMs, cname } = this.options;
    const { gopBudget, blocks } = this;
    return new StreamHub({
      clock,
      closeAfterMs,
      cname,
      gopBudget,
      blocks,
      createSource,
      ...(watch && { watch }),
    });
  }

  private async shutdown(stream: RelayStream, hub: StreamHub): Promise<void> {
    try {
      await hub.shutdown();
    } catch (error) {
      this.options.onError(stream, messageOf(error));
    }
  }
}

function key(camera: string, stream: string): string {
  return `${camera}/${stream}`;
}

/** Everything of a camera that its upstream session depends on, as one comparable text. Kept in memory only. */
function sourceSettings(camera: CameraConfig, stream: string): string {
  const { inactivityMs, reconnect, streams, tls, redirectHosts } = camera;
  return JSON.stringify([streams[stream], inactivityMs, reconnect, tls, redirectHosts]);
}
