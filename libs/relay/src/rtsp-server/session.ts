import { randomBytes } from 'node:crypto';
import type { Principal } from '@nightjar/access';
import type { Clock, MonotonicMs } from '@nightjar/common';
import type { ServerSessionState } from '@nightjar/rtsp';
import {
  InterleavedOutput,
  type MediaConnection,
  type OutputOptions,
} from './interleaved-output.js';
import type { GroupMember, GroupTrack, MulticastGroups } from './multicast-groups.js';
import type {
  Mount,
  MountDescription,
  MountStream,
  PlayAnswer,
  PlayRequest,
  ReaderTransport,
} from './mount.js';
import type { SealedStream } from './srtp/sealed-stream.js';
import { SessionSrtp, type KeyedTrack } from './srtp/session-srtp.js';
import { UdpOutput, type UdpTrack } from './udp-output.js';
import type { Pacer } from '../udp/pacer.js';
import type { UdpPorts } from '../udp/udp-ports.js';

const ID_BYTES = 16;

export interface SessionOptions {
  readonly mount: Mount;
  readonly description: MountDescription;
  /** Path and query of the aggregate URL, as the resolver saw it. */
  readonly resource: string;
  readonly principal: Principal | undefined;
  readonly peerAddress: string;
  readonly clock: Clock;
  readonly pacer: Pacer;
  readonly output: Omit<OutputOptions, 'onCut' | 'traffic'>;
  /** The session ended itself: a slow reader was cut, or the mount went away. */
  readonly onEnd: (session: RtspSession, reason: string) => void;
}

/** One RTSP session (RFC 2326 s.3.4): the tracks a client set up, their transport and what plays on them. */
export class RtspSession {
  readonly id = randomBytes(ID_BYTES).toString('hex');
  state: ServerSessionState = 'ready';
  lastSeenMs: MonotonicMs;
  private readonly channels: number[] = [];
  private readonly peers: (UdpTrack | undefined)[] = [];
  private output: InterleavedOutput | UdpOutput | undefined;
  private member: GroupMember | undefined;
  private stream: MountStream | undefined;
  private connection: MediaConnection | undefined;
  private readonly reports: (() => void)[] = [];
  private over = false;
  private readonly tags = new Set<string>();
  private protection: SessionSrtp | undefined;

  constructor(
    readonly options: SessionOptions,
    now: MonotonicMs,
  ) {
    this.lastSeenMs = now;
    for (const _ of options.description.tracks) {
      this.channels.push(-1);
      this.peers.push(undefined);
    }
  }

  /** Feature tags that the client named so far. */
  get required(): readonly string[] {
    return [...this.tags];
  }

  require(tags: readonly string[]): void {
    for (const tag of tags) this.tags.add(tag);
  }

  get transport(): ReaderTransport | undefined {
    return this.member === undefined ? this.output?.transport : 'multicast';
  }

  /** Undefined in a session without SRTP. */
  get srtp(): SessionSrtp | undefined {
    return this.protection;
  }

  /** Makes it a session of SRTP, before its first track is set up. */
  protect(stream: () => SealedStream): SessionSrtp {
    return (this.protection ??= new SessionSrtp(stream()));
  }

  /** Tracks that were set up, with their SSRC. */
  get keyedTracks(): KeyedTrack[] {
    return this.peers
      .map((_, track) => ({ track, ssrc: this.ssrc(track) ?? 0 }))
      .filter(({ track }) => this.hasTrack(track));
  }

  /** The connection that carries the media, for interleaved sessions. */
  get carrier(): MediaConnection | undefined {
    return this.connection;
  }

  /** RTCP channels and RTP channels in use on the carrier. */
  get usedChannels(): readonly number[] {
    return this.channels
      .filter((channel) => channel >= 0)
      .flatMap((channel) => [channel, channel + 1]);
  }

  /** Whether the client set this track up. */
  hasTrack(track: number): boolean {
    const { channels, peers, member } = this;
    return (
      (channels[track] ?? -1) >= 0 || peers[track] !== undefined || member?.hasTrack(track) === true
    );
  }

  setupTcp(track: number, rtpChannel: number, connection: MediaConnection): void {
    this.channels[track] = rtpChannel;
    this.connection = connection;
    this.output ??= new InterleavedOutput(connection, this.channels, this.outputOptions('tcp'));
  }

  setupUdp(track: number, peer: UdpTrack, ports: UdpPorts): void {
    this.peers[track] = peer;
    const { clock, pacer } = this.options;
    this.reports.push(
      ports.onReport(peer.rtcp, (packet) => {
        if (this.protection?.isReport(track, packet) !== false)
          this.lastSeenMs = clock.monotonicMs();
      }),
    );
    this.output ??= new UdpOutput(ports, this.peers, {
      ...this.outputOptions('udp'),
      transport: 'udp',
      pacer,
    });
  }

  /**
   * Lets the track be sent to the group of the mount, whose name is `stream`.
   * @returns undefined when a group has no ports for so many tracks
   */
  setupMulticast(track: number, stream: string, groups: MulticastGroups): GroupTrack | undefined {
    if (groups.track(stream, track) === undefined) return undefined;
    const { mount, description, onEnd } = this.options;
    this.member ??= groups.join(stream, {
      mount,
      tracks: description.tracks.length,
      onEnd: (reason) => onEnd(this, reason),
    });
    return this.member.setup(track);
  }

  /** SSRC to announce for a track: where the mount sends under ours, and with SRTP, whose keys go by it. */
  announcedSsrc(track: number): number | undefined {
    const announced = this.options.mount.kind === 'playback' || this.protection !== undefined;
    return announced ? this.ssrc(track) : undefined;
  }

  /** SSRC of what is sent for a track, once that is known. */
  private ssrc(track: number): number | undefined {
    const { mount, description } = this.options;
    return mount.kind === 'playback' ? this.output?.ssrc(track) : description.tracks[track]?.ssrc;
  }

  /** Starts the mount; its packets are held back until {@link release}. */
  async play(request: PlayRequest): Promise<PlayAnswer> {
    this.output?.hold();
    this.stream ??= this.member ?? this.options.mount.open(this.output!);
    const answer = await this.stream.play(request);
    this.state = 'playing';
    this.protection?.countPlaying(true);
    return answer;
  }

  /** The answer to PLAY is queued: media may follow. Also after a refused PLAY, for one that goes on. */
  release(): void {
    if (this.over) return;
    this.output?.release();
    this.member?.release();
  }

  async pause(): Promise<{ readonly range?: string }> {
    const answer = (await this.stream?.pause()) ?? {};
    this.state = 'ready';
    this.protection?.countPlaying(false);
    return answer;
  }

  /** Ends for good. With `bye` every sending track says goodbye first. */
  close(bye: boolean): void {
    if (this.over) return;
    this.over = true;
    for (const forget of this.reports) forget();
    this.stream?.close();
    this.member?.close();
    this.protection?.countPlaying(false);
    if (bye) this.output?.end();
    this.output?.dispose();
  }

  private outputOptions(transport: 'tcp' | 'udp'): OutputOptions {
    const { output, mount, onEnd } = this.options;
    return {
      ...output,
      seal: this.protection,
      traffic: mount.observer?.traffic[transport] ?? { bytes: 0, packets: 0 },
      onCut: (reason) => onEnd(this, reason),
    };
  }
}
