import { randomBytes, randomInt } from 'node:crypto';
import {
  NightjarError,
  messageOf,
  type Clock,
  type MonotonicMs,
  type Timer,
} from '@nightjar/common';
import {
  ClientSession,
  RtspStreamParser,
  encodeInterleaved,
  type ClientEnd,
  type ClientOutput,
  type Credentials,
  type LoginHistory,
  type LowerTransport,
  type MulticastGroup,
  type ReadyTrack,
} from '@nightjar/rtsp';
import type { CameraLink } from './link/camera-link.js';
import { isSecureLink, openLink, type LinkOptions } from './link/open-link.js';
import { MediaReceiver, type MediaEvents } from './media-receiver.js';
import type { SourceCounters } from './source-counters.js';
import type { SourceQuirks } from './source-quirks.js';
import type { Backchannel, OfflineReason, SourceSink } from './source.js';
import { joinGroup } from './multicast-pair.js';
import { bindUdpPair, closeUdpPair, type UdpPair } from './udp-pair.js';
import { UdpTrack } from './udp-track.js';

const CONNECT_TIMEOUT_MS = 5_000;
/** A peer that lets this much of our small requests and reports pile up does not read. */
const MAX_UNSENT_BYTES = 256 * 1024;
/** More than this of what somebody says is not kept waiting for a camera. */
const MAX_UNSENT_TALK_BYTES = 32 * 1024;
const USER_AGENT = 'Nightjar';

/** How a connection ended. */
export type ConnectionEnd =
  | Exclude<ClientEnd, { kind: 'failed' }>
  | { readonly kind: 'failed'; readonly reason: OfflineReason; readonly detail: string }
  /** The server plays over UDP, but no datagram came through. */
  | { readonly kind: 'udp-silent'; readonly detail: string };

export interface ConnectionEvents extends Pick<MediaEvents, 'online' | 'newEpoch'> {
  /** No media follows. Called once, also after `stop`. */
  ended(end: ConnectionEnd): void;
  /** Torn down, all sockets closed; always after `ended`. */
  closed(): void;
}

export interface ConnectionOptions extends LinkOptions {
  /** Other hosts that redirects may lead to. */
  readonly redirectHosts: readonly string[] | undefined;
  readonly credentials: Credentials | undefined;
  readonly loginHistory: LoginHistory;
  readonly transport: LowerTransport;
  readonly fallback: boolean;
  readonly backchannel: boolean;
  readonly policy: SourceQuirks;
  readonly inactivityMs: number;
  readonly clock: Clock;
  readonly counters: SourceCounters;
}

/** One connection to a camera, from connecting to closing: moves bytes between its link and the session machine. */
export class RtspConnection {
  readonly media: MediaReceiver;
  private readonly link: CameraLink;
  private readonly session: ClientSession;
  private readonly parser: RtspStreamParser;
  private readonly ssrc = randomInt(2 ** 32);
  private readonly cname = `nightjar-${randomBytes(6).toString('hex')}`;
  private readonly pairs: UdpPair[] = [];
  private deadlineTimer: Timer | undefined;
  private deadline: number | undefined;
  private opened = false;
  private ended = false;
  private lower: LowerTransport | undefined;
  private speaker: Backchannel | undefined;
  private asked = false;

  /** Connects at once. */
  constructor(
    private readonly options: ConnectionOptions,
    sink: Pick<SourceSink, 'rtp' | 'senderReport' | 'flush'>,
    private readonly events: ConnectionEvents,
  ) {
    const { clock, counters, inactivityMs } = options;
    const { url } = options.target;
    const { ssrc, cname } = this;
    this.session = new ClientSession({
      ...options,
      url,
      secure: isSecureLink(options),
      userAgent: USER_AGENT,
      ssrc,
      wallMs: () => clock.wallMs(),
    });
    this.media = new MediaReceiver({
      clock,
      inactivityMs,
      ssrc,
      cname,
      counters,
      policy: options.policy,
      sink,
      events: {
        online: (tracks) => events.online(tracks),
        newEpoch: (tracks, detail) => events.newEpoch(tracks, detail),
        bye: () => this.fail('closed', 'the camera said BYE'),
        mixedUp: (detail) => this.fail('protocol', detail),
        silent: (ever) => this.silent(ever),
      },
    });
    this.parser = new RtspStreamParser({
      message: (message) => this.apply(this.session.receive(message, this.now())),
      interleaved: (channel, buf, offset, length) =>
        this.media.interleaved(channel, buf, offset, length),
    });
    this.deadlineTimer = clock.setTimer(CONNECT_TIMEOUT_MS, () =>
      this.abort('timeout', `no connection within ${CONNECT_TIMEOUT_MS / 1000} s`),
    );
    this.link = openLink(options, {
      opened: () => {
        this.opened = true;
        this.deadlineTimer?.cancel();
        this.apply(this.session.start(this.now()));
      },
      data: (chunk) => this.read(chunk),
      failed: (reason, detail) => this.finish({ kind: 'failed', reason, detail }),
      ended: () => this.abort('closed', 'the camera closed the connection'),
      closed: () => this.closed(),
    });
  }

  /** Undefined where the camera has none, or it was not asked for. */
  get backchannel(): Backchannel | undefined {
    return this.speaker;
  }

  /** Whether the camera was asked for its back channel, which some do not bear. */
  get askedBackchannel(): boolean {
    return this.asked;
  }

  /** Lower transport of the media, undefined before the first SETUP succeeded. */
  get transport(): LowerTransport | undefined {
    return this.lower;
  }

  /** Tears down; `ended` comes before this returns, `closed` when it is done. */
  stop(): void {
    this.leave({ kind: 'stopped' });
  }

  private closed(): void {
    this.deadlineTimer?.cancel();
    this.finish({ kind: 'failed', reason: 'closed', detail: 'the connection is closed' });
    this.pairs.forEach(closeUdpPair);
    this.events.closed();
  }

  private read(chunk: Buffer): void {
    this.media.startRead();
    try {
      this.parser.push(chunk);
    } catch (error) {
      this.abort('protocol', messageOf(error));
    }
    this.media.endRead();
  }

  private apply(outputs: readonly ClientOutput[]): void {
    for (const output of outputs) this.do(output);
    this.arm();
  }

  private do(output: ClientOutput): void {
    switch (output.type) {
      case 'send':
        this.write(output.bytes);
        break;
      case 'need-ports':
        void this.bindPorts(output.index);
        break;
      case 'track-ready':
        this.addTrack(output.ready);
        break;
      case 'asking-backchannel':
        this.asked = true;
        break;
      case 'backchannel-ready':
        this.openBackchannel(output.ready);
        break;
      case 'starting':
        this.media.open();
        break;
      case 'playing':
        this.media.begin();
        break;
      case 'rekey':
        this.media.rekey(output.message.key);
        break;
      case 'tolerated':
        this.options.counters.tolerated.add(output.what);
        break;
      case 'ended':
        this.finish(output.end);
        this.link.close();
        break;
    }
  }

  /** One timer follows the session's deadline. */
  private arm(): void {
    const deadline = this.session.nextDeadline;
    if (deadline === this.deadline) return;
    this.deadline = deadline;
    this.deadlineTimer?.cancel();
    if (deadline === undefined) return;
    this.deadlineTimer = this.options.clock.setTimer(
      Math.max(0, Math.ceil(deadline - this.now())),
      () => {
        this.deadline = undefined;
        this.apply(this.session.onDeadline(this.now()));
      },
    );
  }

  private async bindPorts(index: number): Promise<void> {
    try {
      // A track that was refused leaves its pair to the next one.
      const pair = this.pairs[index] ?? (await bindUdpPair(this.link.localAddress ?? '0.0.0.0'));
      this.pairs[index] = pair;
      if (this.link.closed) {
        closeUdpPair(pair);
      } else {
        this.apply(this.session.ports(pair.ports, this.now()));
      }
    } catch (error) {
      this.abort('refused', messageOf(error));
    }
  }

  private addTrack(ready: ReadyTrack): void {
    const { carriage, index } = ready;
    this.lower = carriage.lower;
    if (carriage.lower === 'tcp') {
      this.media.add(ready, (packet) =>
        this.write(encodeInterleaved(carriage.rtcpChannel, packet)),
      );
      return;
    }
    if (carriage.lower === 'multicast') {
      void this.joinTrack(ready, carriage.group);
      return;
    }
    const pair = this.pairs[index];
    if (pair === undefined)
      throw new NightjarError('internal', 'relay/udp-pair', 'a UDP track has no sockets');
    const udp = new UdpTrack({
      pair,
      peer: this.link.remoteAddress ?? '',
      serverPorts: carriage.serverPorts,
      counters: this.options.counters,
      receive: (packet, rtcp) => this.media.datagram(index, packet, rtcp),
    });
    this.media.add(ready, (packet) => udp.sendRtcp(packet));
    udp.punch(this.ssrc, this.cname);
  }

  /** Listens to the group of a track. What comes before that is lost, as for whoever joins late. */
  private async joinTrack(ready: ReadyTrack, group: MulticastGroup): Promise<void> {
    const { index } = ready;
    let udp: UdpTrack | undefined;
    this.media.add(ready, (packet) => udp?.sendRtcp(packet));
    try {
      const pair = await joinGroup(group, unmapped(this.link.localAddress));
      if (this.link.closed) {
        closeUdpPair(pair);
        return;
      }
      this.pairs[index] = pair;
      udp = new UdpTrack({
        pair,
        peer: unmapped(this.link.remoteAddress),
        serverPorts: undefined,
        group,
        counters: this.options.counters,
        receive: (packet, rtcp) => this.media.datagram(index, packet, rtcp),
      });
    } catch (error) {
      this.leave({ kind: 'transport-refused', detail: messageOf(error) });
    }
  }

  private openBackchannel({ carriage, index, track }: ReadyTrack): void {
    if (carriage.lower === 'tcp') {
      const send = (packet: Buffer): void => {
        // A camera that does not keep up loses sound, not its session.
        if (this.link.queuedBytes < MAX_UNSENT_TALK_BYTES)
          this.write(encodeInterleaved(carriage.rtpChannel, packet));
      };
      this.speaker = { track, send };
      return;
    }
    const pair = this.pairs[index];
    if (carriage.lower !== 'udp' || pair === undefined) return;
    const { serverPorts } = carriage;
    const { counters } = this.options;
    const peer = unmapped(this.link.remoteAddress);
    const udp = new UdpTrack({ pair, peer, serverPorts, counters, receive: () => false });
    this.speaker = { track, send: (packet) => udp.sendRtp(packet) };
  }

  private write(bytes: Buffer): void {
    if (this.link.closed) return;
    if (this.link.queuedBytes > MAX_UNSENT_BYTES)
      this.abort('protocol', 'the camera does not read its connection');
    else this.link.write(bytes);
  }

  private silent(ever: boolean): void {
    if (this.lower !== 'tcp' && !ever) {
      const how = this.lower === 'multicast' ? 'from the group' : 'over UDP';
      this.leave({ kind: 'udp-silent', detail: `no media ${how}${this.dropHint()}` });
    } else
      this.fail('stalled', `no media for ${this.options.inactivityMs / 1000} s${this.dropHint()}`);
  }

  /** Points to the usual cause of a stream that comes and is not accepted. */
  private dropHint(): string {
    const drops = Object.entries(this.options.counters.dropped).filter(([, count]) => count > 0);
    return drops.length === 0
      ? ''
      : ` (dropped so far: ${drops.map((drop) => drop.join(' ')).join(', ')})`;
  }

  private fail(reason: OfflineReason, detail: string): void {
    this.leave({ kind: 'failed', reason, detail });
  }

  /** Ends with a TEARDOWN where there is a session. */
  private leave(end: ConnectionEnd): void {
    this.finish(end);
    if (this.opened) this.apply(this.session.stop(this.now()));
    else this.link.close();
  }

  /** Ends without a word: the peer is gone or not to be talked to. */
  private abort(reason: OfflineReason, detail: string): void {
    this.finish({ kind: 'failed', reason, detail });
    this.link.close();
  }

  private finish(end: ConnectionEnd): void {
    if (this.ended) return;
    this.ended = true;
    this.media.close();
    this.events.ended(end);
  }

  private now(): MonotonicMs {
    return this.options.clock.monotonicMs();
  }
}

/** Groups have IPv4 addresses; a connection by IPv4 on a socket that could do both has them mapped. */
function unmapped(address = ''): string {
  return address.replace(/^::ffff:/i, '');
}
