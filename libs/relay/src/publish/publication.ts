import { NightjarError, type Clock } from '@nightjar/common';
import type { SdpTrack } from '@nightjar/rtsp';
import type { Hub, HubReader } from '../hub/hub.js';
import { SourceCounters } from '../source/source-counters.js';
import type { SourceLog } from '../source/rtsp-source.js';
import type { OfflineReason, Source, SourceSink, SourceStats } from '../source/source.js';

/** Who sends a stream to us. */
export interface Publisher {
  readonly transport: 'tcp' | 'udp';
  /** For the log. */
  readonly address: string;
  readonly lost: number;
  readonly jitterSeconds: number;
  /** On the monotonic clock; undefined before the first packet. */
  readonly lastPacketAt: number | undefined;
  /** Ends its session. It need not leave any more. */
  sendAway(reason: string): void;
}

/** Counters of a published stream; they only rise. */
export interface PublishStats {
  /** Times that somebody took the place. */
  publishers: number;
  /** Those of them that took it from somebody else. */
  replaced: number;
  /** Times that somebody could not, because of another one. */
  refused: number;
}

export interface PublicationOptions {
  readonly clock: Clock;
  /** No RTP packet for so long means that the publisher has stalled. */
  readonly inactivityMs: number;
  readonly secondPublisher: 'refuse' | 'replace';
  readonly log: SourceLog;
}

const NOBODY = 'nobody publishes';

/** Keeps the hub at work while somebody publishes, so that the first reader has a picture at once. */
const HOLDER: HubReader = {
  holdsBatches: false,
  tracks: () => undefined,
  batch: () => undefined,
  interrupted: () => undefined,
  closed: () => undefined,
};

/**
 * The upstream of a stream that is published: the place that one publisher at a time takes. To the hub it is a source like
 * a camera, which is offline while nobody publishes.
 */
export class Publication implements Source {
  readonly counters = new SourceCounters();
  readonly publishing: PublishStats = { publishers: 0, replaced: 0, refused: 0 };
  private hub: Pick<Hub, 'attach' | 'detach'> | undefined;
  private sink: SourceSink | undefined;
  private started = false;
  private publisher: Publisher | undefined;
  /** Of the publisher, once it is online. */
  private tracks: readonly SdpTrack[] | undefined;
  private lastError: string | undefined;

  constructor(readonly options: PublicationOptions) {}

  /** The hub of the stream; to be told once. */
  serve(hub: Pick<Hub, 'attach' | 'detach'>): void {
    this.hub = hub;
  }

  /** The source of the hub, whose sink is this. */
  feeding(sink: SourceSink): Source {
    this.sink = sink;
    return this;
  }

  get stats(): SourceStats {
    const { clock } = this.options;
    const { publisher, counters } = this;
    const last = publisher?.lastPacketAt;
    return {
      state: this.state,
      connects: counters.connects,
      packets: counters.packets,
      bytes: counters.bytes,
      lost: counters.lostBefore + (publisher?.lost ?? 0),
      jitterSeconds: publisher?.jitterSeconds ?? 0,
      lastPacketAtMs:
        last === undefined ? undefined : clock.wallMs() - (clock.monotonicMs() - last),
      dropped: { ...counters.dropped },
      transport: publisher?.transport,
      lastError: this.lastError,
    };
  }

  start(): void {
    this.started = true;
    if (this.tracks !== undefined) this.announce(this.tracks);
    else if (this.publisher === undefined) this.sink?.offline('not-published', NOBODY);
  }

  stop(): Promise<void> {
    this.started = false;
    const { publisher } = this;
    if (publisher !== undefined) {
      this.vacate();
      publisher.sendAway('stream-removed');
    }
    this.sink?.offline('stopped', 'the source was stopped');
    return Promise.resolve();
  }

  /** Whether somebody publishes now. */
  get taken(): boolean {
    return this.publisher !== undefined;
  }

  /**
   * @param address of who would publish
   * @throws NightjarError 'forbidden' when somebody publishes already and is not to be replaced
   */
  requireFree(address: string): void {
    if (this.publisher === undefined || this.options.secondPublisher === 'replace') return;
    this.publishing.refused += 1;
    const there = this.publisher.address;
    this.options.log.warn({ address, there }, 'a second publisher is refused');
    const reason = 'Somebody else publishes this stream';
    throw new NightjarError('forbidden', 'relay/publisher-there', reason, { reason });
  }

  /**
   * Takes the place, from somebody else if need be.
   * @throws NightjarError 'forbidden', see {@link requireFree}
   */
  enter(publisher: Publisher): void {
    this.requireFree(publisher.address);
    this.publishing.publishers += 1;
    const before = this.publisher;
    if (before !== undefined) {
      this.publishing.replaced += 1;
      this.depart('closed', 'another publisher took its place');
      before.sendAway('replaced');
    }
    this.publisher = publisher;
    this.hub?.attach(HOLDER, { fromKeyframe: false });
    const { transport, address } = publisher;
    this.options.log.info({ transport, address }, 'publisher is there');
  }

  /** Media of the publisher follow. Nothing of one who has left counts. */
  online(publisher: Publisher, tracks: readonly SdpTrack[]): void {
    if (publisher !== this.publisher) return;
    const again = this.tracks !== undefined;
    this.tracks = tracks;
    if (!this.started) return;
    if (again) this.sink?.offline('closed', 'the publisher began a new stream');
    this.announce(tracks);
  }

  /** Where the media of a publisher go; undefined for one who has left, and while the hub wants none. */
  sinkOf(publisher: Publisher): SourceSink | undefined {
    return publisher === this.publisher && this.started ? this.sink : undefined;
  }

  leave(publisher: Publisher, reason: OfflineReason, detail: string): void {
    if (publisher !== this.publisher) return;
    this.depart(reason, detail);
    if (this.started) this.sink?.offline('not-published', NOBODY);
  }

  private depart(reason: OfflineReason, detail: string): void {
    const wasOnline = this.tracks !== undefined;
    this.vacate();
    this.lastError = detail;
    this.options.log.warn({ reason, detail }, 'publisher is gone');
    if (this.started && wasOnline) this.sink?.offline(reason, detail);
  }

  private get state(): SourceStats['state'] {
    if (!this.started) return 'idle';
    return this.tracks === undefined ? 'waiting' : 'playing';
  }

  private announce(tracks: readonly SdpTrack[]): void {
    this.counters.connects += 1;
    this.sink?.online(tracks);
  }

  private vacate(): void {
    this.publisher = undefined;
    this.tracks = undefined;
    this.hub?.detach(HOLDER);
  }
}
