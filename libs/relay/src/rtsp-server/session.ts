import { randomBytes } from 'node:crypto';
import type { Principal } from '@nightjar/access';
import type { Clock, MonotonicMs } from '@nightjar/common';
import {
  RTSP_2_0,
  type Announcement,
  type Range,
  type RtspVersion,
  type ServerSessionState,
} from '@nightjar/rtsp';
import {
  InterleavedOutput,
  type MediaConnection,
  type OutputOptions,
} from './interleaved-output.js';
import {
  nameOfGroup,
  type GroupMember,
  type GroupTrack,
  type MulticastGroups,
} from './multicast-groups.js';
import type {
  Mount,
  MountDescription,
  MountMedia,
  MountStream,
  Paused,
  PlayAnswer,
  PlayRequest,
  ReaderTransport,
  StreamNotice,
  StreamOutput,
} from './mount.js';
import { RateLimitedOutput, type OutputAllowance } from './rate-limited-output.js';
import { LIVE_MEDIA } from './live-media.js';
import type { Resource } from './resource.js';
import type { SealedStream } from './srtp/sealed-stream.js';
import { SessionSrtp, type KeyedTrack } from './srtp/session-srtp.js';
import { UdpOutput, type UdpTrack } from './udp-output.js';
import type { Pacer } from '../udp/pacer.js';
import type { UdpPorts } from '../udp/udp-ports.js';

const ID_BYTES = 16;
/** RECORD has no header that matters to us. */
const NOTHING_ASKED: PlayRequest = {
  range: undefined,
  scale: undefined,
  speed: undefined,
  rateControl: undefined,
  frames: undefined,
  immediate: false,
  cseq: 0,
  required: [],
};

/** The connection on which a client controls a session. */
export interface ControlConnection {
  readonly closed: boolean;
  readonly sessions: { delete(session: RtspSession): boolean };
  /** Sends a request of ours. */
  ask(method: string, uri: string, headers: Readonly<Record<string, string>>): void;
}

/** The PLAY that was answered last. */
export interface PlayedLast {
  readonly cseq: string;
  readonly answer: PlayAnswer;
}

export interface SessionOptions {
  readonly mount: Mount;
  readonly description: MountDescription;
  /** Of its first SETUP; it stays with it. */
  readonly version: RtspVersion;
  /** Aggregate URL, as the client wrote it in its first SETUP. */
  readonly url: string;
  /** Of a client that publishes: what it announced. */
  readonly announcement?: Announcement | undefined;
  /** Path and query of the aggregate URL, as the resolver saw it. */
  readonly resource: string;
  readonly principal: Principal | undefined;
  readonly peerAddress: string;
  readonly clock: Clock;
  readonly pacer: Pacer;
  readonly output: Omit<OutputOptions, 'onCut' | 'onNotice' | 'traffic'>;
  /** How much a mount that can wait sends at most; absent: any. */
  readonly allowance?: OutputAllowance | undefined;
  /** The session ended itself: a slow reader was cut, or the mount went away. */
  readonly onEnd: (session: RtspSession, reason: string) => void;
  /** There is something to tell a client that speaks RTSP 2.0. */
  readonly onNotice?: (session: RtspSession, notice: StreamNotice) => void;
}

/** One RTSP session (RFC 2326 s.3.4): the tracks a client set up, their transport and what plays on them. */
export class RtspSession {
  readonly id = randomBytes(ID_BYTES).toString('hex');
  state: ServerSessionState = 'ready';
  lastSeenMs: MonotonicMs;
  /** Undefined until SETUP was answered. */
  control: ControlConnection | undefined;
  played: PlayedLast | undefined;
  private readonly channels: number[] = [];
  private readonly peers: (UdpTrack | undefined)[] = [];
  private output: InterleavedOutput | UdpOutput | undefined;
  private member: GroupMember | undefined;
  private stream: MountStream | undefined;
  private connection: MediaConnection | undefined;
  private readonly listening = new Map<number, () => void>();
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

  get version(): RtspVersion {
    return this.options.version;
  }

  /** What may be done with the media now. */
  get media(): MountMedia {
    return this.options.mount.media?.() ?? LIVE_MEDIA;
  }

  /** How many tracks are set up. */
  get trackCount(): number {
    return this.channels.filter((_, track) => this.hasTrack(track)).length;
  }

  /** Whether a URL stands for all that was set up: the aggregate, or the only track. */
  isWhole({ track }: Pick<Resource, 'track'>): boolean {
    return track === undefined || (this.trackCount === 1 && this.hasTrack(track));
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

  /**
   * Takes a `$` frame of the client, if it came on a channel of this session: a sign of life, and media for a mount
   * that takes any.
   */
  receive(channel: number, buf: Buffer, offset: number, length: number): boolean {
    const { channels } = this;
    for (let track = 0; track < channels.length; track++) {
      const rtp = channels[track]!;
      if (rtp < 0 || (channel !== rtp && channel !== rtp + 1)) continue;
      this.lastSeenMs = this.options.clock.monotonicMs();
      this.hand(track, channel !== rtp, buf, offset, length);
      return true;
    }
    return false;
  }

  /**
   * Hands what the client sent to the mount, where it takes any, decrypted.
   * @returns whether it is from the client
   */
  private hand(track: number, rtcp: boolean, buf: Buffer, offset: number, length: number): boolean {
    const { protection, stream } = this;
    if (protection === undefined) {
      stream?.receive?.(track, rtcp, buf, offset, length);
      return true;
    }
    const plainLength = protection.read(track, rtcp, buf, offset, length);
    if (plainLength === 0) {
      stream?.forged?.();
      return false;
    }
    // Packets behind this one in a buffer of TCP are still to be decrypted, so that it stands for itself.
    const packet = buf.subarray(offset, offset + plainLength);
    stream?.receive?.(track, rtcp, packet, 0, plainLength);
    return true;
  }

  /** To be called after the frames of one socket read. */
  endRead(): void {
    this.stream?.endRead?.();
  }

  /** RTCP channels and RTP channels in use on the carrier. */
  get usedChannels(): readonly number[] {
    return this.channels
      .filter((channel) => channel >= 0)
      .flatMap((channel) => [channel, channel + 1]);
  }

  channelsOf(track: number): readonly number[] {
    const channel = this.channels[track] ?? -1;
    return channel < 0 ? [] : [channel, channel + 1];
  }

  /** Whether the client set this track up. */
  hasTrack(track: number): boolean {
    const { channels, peers, member } = this;
    return (
      (channels[track] ?? -1) >= 0 || peers[track] !== undefined || member?.hasTrack(track) === true
    );
  }

  /**
   * The transport that a SETUP of `track` must keep to: one session, one transport, for mixing them would split a picture
   * from its sound; and what has begun to play stays on its own. Undefined: any will do.
   */
  transportFor(track: number): ReaderTransport | undefined {
    const others = this.channels.some((_, other) => other !== track && this.hasTrack(other));
    return others || this.stream !== undefined ? this.transport : undefined;
  }

  setupTcp(track: number, rtpChannel: number, connection: MediaConnection): void {
    this.changeTo('tcp');
    this.channels[track] = rtpChannel;
    this.connection = connection;
    this.output ??= new InterleavedOutput(connection, this.channels, this.outputOptions('tcp'));
  }

  setupUdp(track: number, peer: UdpTrack, ports: UdpPorts): void {
    this.changeTo('udp');
    this.peers[track] = peer;
    const { clock, pacer } = this.options;
    this.forgetPeer(track);
    const receive = (rtcp: boolean, packet: Buffer): void => {
      if (this.hand(track, rtcp, packet, 0, packet.length)) this.lastSeenMs = clock.monotonicMs();
    };
    const media = ports.onMedia(peer.rtp, (packet) => receive(false, packet));
    const reports = peer.rtcp && ports.onReport(peer.rtcp, (packet) => receive(true, packet));
    this.listening.set(track, () => {
      media();
      reports?.();
    });
    this.output ??= new UdpOutput(ports, this.peers, {
      ...this.outputOptions('udp'),
      transport: 'udp',
      pacer,
    });
  }

  /**
   * Lets the track be sent to the group of the mount, whose name is `stream`; in a session of SRTP to the one that is
   * under its key.
   * @returns undefined when a group has no ports for so many tracks
   */
  setupMulticast(track: number, stream: string, groups: MulticastGroups): GroupTrack | undefined {
    const group = this.protection?.ofGroup;
    const name = nameOfGroup(stream, group?.id);
    if (groups.track(name, track) === undefined) return undefined;
    this.changeTo('multicast');
    const { mount, description, onEnd } = this.options;
    this.member ??= groups.join(name, {
      mount,
      seal: group?.seal,
      tracks: description.tracks.length,
      onEnd: (reason) => onEnd(this, reason),
    });
    return this.member.setup(track);
  }

  /** Takes a track out of the session; the others go on. */
  removeTrack(track: number): void {
    this.channels[track] = -1;
    this.peers[track] = undefined;
    this.forgetPeer(track);
    this.member?.remove(track);
    if (this.output instanceof InterleavedOutput) this.output.remap();
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
    const answer = await this.start(request, 'playing');
    if (this.state === 'playing') this.protection?.countPlaying(true);
    return answer;
  }

  /** Begins to take what the client sends, and to report on it after {@link release}. */
  async record(): Promise<void> {
    await this.start(NOTHING_ASKED, 'recording');
  }

  /** The answer to PLAY is queued: media may follow. Also after a refused PLAY, for one that goes on. */
  release(): void {
    if (this.over) return;
    this.output?.release();
    this.member?.release();
  }

  /** @param at where to stop; undefined: here */
  async pause(at?: Range): Promise<Paused> {
    const answer = (await this.stream?.pause(at)) ?? {};
    if (answer.later === true) return answer;
    this.stopped();
    return answer;
  }

  /** Nothing plays any more: it is as if it had not begun (RFC 2326 s.A.2). */
  private stopped(): void {
    this.state = 'ready';
    this.protection?.countPlaying(false);
  }

  /** Ends for good. With `bye` every sending track says goodbye first. */
  close(bye: boolean): void {
    if (this.over) return;
    this.over = true;
    for (const forget of this.listening.values()) forget();
    this.stream?.close();
    this.member?.close();
    this.protection?.countPlaying(false);
    if (bye) this.output?.end();
    this.output?.dispose();
  }

  private async start(request: PlayRequest, state: ServerSessionState): Promise<PlayAnswer> {
    this.output?.hold();
    this.stream ??= this.member ?? this.openMount(this.output!);
    const before = this.state;
    // What is short may have stopped already when the answer is there.
    this.state = state;
    try {
      return await this.stream.play(request);
    } catch (error) {
      this.state = before;
      throw error;
    }
  }

  /** A live stream does not wait: its readers keep to their rate themselves. */
  private openMount(output: StreamOutput): MountStream {
    const { mount, allowance, clock } = this.options;
    const limited =
      mount.kind === 'playback' && allowance !== undefined
        ? new RateLimitedOutput(output, allowance, clock)
        : output;
    return mount.open(limited, this.setUpTracks);
  }

  private get setUpTracks(): readonly number[] {
    return this.channels.flatMap((_, track) => (this.hasTrack(track) ? [track] : []));
  }

  /** Leaves the transport of an earlier SETUP, if it was another; nothing has played on it. */
  private changeTo(transport: ReaderTransport): void {
    if (this.transport === undefined || this.transport === transport) return;
    this.channels.fill(-1);
    this.peers.fill(undefined);
    for (const track of this.listening.keys()) this.forgetPeer(track);
    this.member?.close();
    this.member = undefined;
    this.output?.dispose();
    this.output = undefined;
    this.connection = undefined;
  }

  private forgetPeer(track: number): void {
    this.listening.get(track)?.();
    this.listening.delete(track);
  }

  private outputOptions(transport: 'tcp' | 'udp'): OutputOptions {
    const { output, mount, onEnd, onNotice } = this.options;
    return {
      ...output,
      seal: this.protection,
      traffic: mount.observer?.traffic[transport] ?? { bytes: 0, packets: 0 },
      onCut: (reason) => onEnd(this, reason),
      onStopped: () => this.stopped(),
      ...(this.version === RTSP_2_0 && onNotice !== undefined
        ? { onNotice: (notice: StreamNotice) => onNotice(this, notice) }
        : {}),
    };
  }
}
