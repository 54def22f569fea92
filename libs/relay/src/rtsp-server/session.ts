import { randomBytes } from 'node:crypto';
import type { Principal } from '@nightjar/access';
import type { Clock, MonotonicMs } from '@nightjar/common';
import type { ServerSessionState } from '@nightjar/rtsp';
import {
  InterleavedOutput,
  type MediaConnection,
  type OutputOptions,
} from './interleaved-output.js';
import type { Mount, MountDescription, MountStream, PlayAnswer, PlayRequest } from './mount.js';
import { UdpOutput, type UdpTrack } from './udp-output.js';
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
  readonly output: Omit<OutputOptions, 'onCut'>;
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
  private stream: MountStream | undefined;
  private connection: MediaConnection | undefined;
  private over = false;

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

  get transport(): 'tcp' | 'udp' | undefined {
    return this.output?.transport;
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
    return (this.channels[track] ?? -1) >= 0 || this.peers[track] !== undefined;
  }

  /** Whether a receiver report from this UDP peer belongs here. */
  hasRtcpPeer(address: string, port: number): boolean {
    return this.peers.some((peer) => peer?.rtcp.address === address && peer.rtcp.port === port);
  }

  setupTcp(track: number, rtpChannel: number, connection: MediaConnection): void {
    this.channels[track] = rtpChannel;
    this.connection = connection;
    this.output ??= new InterleavedOutput(connection, this.channels, this.outputOptions());
  }

  setupUdp(track: number, peer: UdpTrack, ports: UdpPorts): void {
    this.peers[track] = peer;
    this.output ??= new UdpOutput(ports, this.peers, {
      ...this.outputOptions(),
      clock: this.options.clock,
    });
  }

  /** SSRC to announce for a track, where the mount sends under ours. */
  announcedSsrc(track: number): number | undefined {
    return this.options.mount.kind === 'playback' ? this.output?.ssrc(track) : undefined;
  }

  /** Starts the mount; its packets are held back until {@link release}. */
  async play(request: PlayRequest): Promise<PlayAnswer> {
    const output = this.output!;
    output.hold();
    this.stream ??= this.options.mount.open(output);
    const answer = await this.stream.play(request);
    this.state = 'playing';
    return answer;
  }

  /** The answer to PLAY is queued: media may follow. Also after a refused PLAY, for one that goes on. */
  release(): void {
    if (!this.over) this.output?.release();
  }

  async pause(): Promise<{ readonly range?: string }> {
    const answer = (await this.stream?.pause()) ?? {};
    this.state = 'ready';
    return answer;
  }

  /** Ends for good. With `bye` every sending track says goodbye first. */
  close(bye: boolean): void {
    if (this.over) return;
    this.over = true;
    this.stream?.close();
    if (bye) this.output?.end();
    this.output?.dispose();
  }

  private outputOptions(): OutputOptions {
    return { ...this.options.output, onCut: (reason) => this.options.onEnd(this, reason) };
  }
}
