import { randomBytes, randomInt } from 'node:crypto';
import { encodeReceiverReport, encodeRtp } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import type {
  Mount,
  MountAccess,
  MountDescription,
  MountStream,
  PlayAnswer,
  StreamOutput,
} from '../rtsp-server/mount.js';
import { MediaReceiver } from '../source/media-receiver.js';
import type { OfflineReason } from '../source/source.js';
import type { Publication, Publisher } from './publication.js';

/** What one client announced for a stream that is published: a mount that takes instead of giving. */
export class PublishMount implements Mount {
  readonly kind = 'publish' as const;
  readonly access: readonly MountAccess[];
  /** Of our reports, on all tracks. */
  private readonly ssrc = randomInt(1, 2 ** 32);

  constructor(
    private readonly publication: Publication,
    private readonly tracks: readonly SdpTrack[],
    private readonly address: string,
    camera: string,
  ) {
    this.access = [{ action: 'publish', camera }];
  }

  describe(): Promise<MountDescription> {
    const { ssrc } = this;
    const tracks = this.tracks.map((track) => ({ ...track, ssrc }));
    return Promise.resolve({ name: '', sessionId: '0', sessionVersion: 0, tracks });
  }

  open(output: StreamOutput, setUp: readonly number[]): MountStream {
    return new PublishStream(this.publication, this.tracks, setUp, this.address, this.ssrc, output);
  }
}

/** Media of one publisher on their way to the hub. RECORD begins it, as PLAY begins others. */
class PublishStream implements MountStream, Publisher {
  private media: MediaReceiver | undefined;
  private reading = false;

  constructor(
    private readonly publication: Publication,
    private readonly announced: readonly SdpTrack[],
    private readonly setUp: readonly number[],
    readonly address: string,
    private readonly ssrc: number,
    private readonly output: StreamOutput,
  ) {}

  get transport(): 'tcp' | 'udp' {
    return this.output.transport === 'udp' ? 'udp' : 'tcp';
  }

  get lost(): number {
    return this.media?.lost ?? 0;
  }

  get jitterSeconds(): number {
    return this.media?.jitterSeconds ?? 0;
  }

  get lastPacketAt(): number | undefined {
    return this.media?.lastPacketAt;
  }

  /** @throws NightjarError 'forbidden' when somebody else publishes */
  play(): Promise<PlayAnswer> {
    if (this.media === undefined) {
      this.publication.enter(this);
      this.media = this.receiver();
      this.media.open();
      this.media.begin();
    }
    return Promise.resolve({ rtpInfo: [] });
  }

  pause(): Promise<{ readonly range?: string }> {
    this.end('closed', 'the publisher paused');
    return Promise.resolve({});
  }

  close(): void {
    this.end('closed', 'the publisher left');
  }

  sendAway(reason: string): void {
    this.media?.close();
    this.media = undefined;
    this.output.cut(reason);
  }

  receive(track: number, rtcp: boolean, buf: Buffer, offset: number, length: number): void {
    const { media } = this;
    if (media === undefined) return;
    if (this.transport === 'udp') {
      media.datagram(this.setUp.indexOf(track), buf, rtcp);
      return;
    }
    if (!this.reading) media.startRead();
    this.reading = true;
    media.interleaved(2 * track + (rtcp ? 1 : 0), buf, offset, length);
  }

  forged(): void {
    this.publication.counters.dropped.srtp += 1;
  }

  endRead(): void {
    if (!this.reading) return;
    this.reading = false;
    this.media?.endRead();
  }

  private end(reason: OfflineReason, detail: string): void {
    this.media?.close();
    this.media = undefined;
    this.publication.leave(this, reason, detail);
  }

  private receiver(): MediaReceiver {
    const { publication, output, ssrc } = this;
    const { clock, inactivityMs } = publication.options;
    const cname = `nightjar-${randomBytes(6).toString('hex')}`;
    const media = new MediaReceiver({
      clock,
      inactivityMs,
      ssrc,
      cname,
      counters: publication.counters,
      sink: {
        rtp: (track, buf, offset, length) =>
          publication.sinkOf(this)?.rtp(track, buf, offset, length),
        senderReport: (track, ntpMs, rtpTimestamp) =>
          publication.sinkOf(this)?.senderReport(track, ntpMs, rtpTimestamp),
        flush: () => publication.sinkOf(this)?.flush(),
      },
      events: {
        online: (tracks) => publication.online(this, tracks),
        newEpoch: (tracks) => publication.online(this, tracks),
        // field: GStreamer says it before its TEARDOWN. The end of one track is not that of the others.
        bye: () => undefined,
        mixedUp: () => undefined,
        silent: () => this.gone('stalled', `no media for ${inactivityMs / 1000} s`),
      },
    });
    for (const [index, track] of this.setUp.entries()) {
      const sendRtcp = (packet: Buffer): void => {
        output.send(track, packet, true);
        output.flush();
      };
      const carriage =
        this.transport === 'tcp'
          ? // Numbers of our own: the session has already found the track.
            ({ lower: 'tcp', rtpChannel: 2 * track, rtcpChannel: 2 * track + 1 } as const)
          : ({ lower: 'udp', localPorts: [0, 0], serverPorts: undefined } as const);
      media.add({ index, track: this.announced[track]!, carriage }, sendRtcp);
      if (this.transport === 'udp') this.punch(track, cname);
    }
    return media;
  }

  /** Opens the way for what the publisher sends through a firewall of ours, as players do for what they are sent. */
  private punch(track: number, cname: string): void {
    const { ssrc } = this;
    const header = { payloadType: 0, sequence: 0, timestamp: 0, ssrc, marker: false };
    this.output.send(track, encodeRtp(header, Buffer.alloc(0)), false);
    this.output.send(track, encodeReceiverReport({ ssrc, cname, reports: [] }), true);
  }

  private gone(reason: OfflineReason, detail: string): void {
    this.end(reason, detail);
    this.output.cut(reason);
  }
}
