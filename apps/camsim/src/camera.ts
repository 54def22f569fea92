import { randomInt } from 'node:crypto';
import type { Clock } from '@nightjar/common';
import { NightjarError } from '@nightjar/common';
import type { Mount, MountDescription, MountStream, StreamOutput } from '@nightjar/relay';
import { ONVIF_BACKCHANNEL } from '@nightjar/rtsp';
import { CameraSession } from './camera-session.js';
import type { SessionHost } from './camera-session.js';
import { Encoder } from './encoder.js';
import type { FaultRequest } from './faults.js';
import type { MediaLoop } from './media-loop.js';
import { Loudspeaker, type Heard } from './loudspeaker.js';
import { Outage } from './outage.js';

export interface CameraOptions {
  readonly name: string;
  readonly loop: MediaLoop;
  /** The same tracks with other video parameter sets; called when a fault asks for it. */
  readonly otherLoop: () => MediaLoop;
  readonly clock: Clock;
  /** 0 <= x < 1, decides on lost packets. */
  readonly random?: () => number;
  /** Monotonic nanoseconds that all processes of this machine share; see frame-stamp.ts. */
  readonly nowNs?: () => bigint;
}

/** How a camera stands towards new sessions. */
export type Reachability = 'up' | 'refusing' | 'rebooting';

export interface CameraStatus {
  readonly name: string;
  readonly reachability: Reachability;
  /** RTSP sessions that play or did: open now, most at a time, since the start of the simulator. */
  readonly sessions: number;
  readonly maxSessions: number;
  readonly totalSessions: number;
  readonly playing: number;
  /** RTP packets and their bytes that left; `lost` counts those that a fault kept back. */
  readonly packets: number;
  readonly bytes: number;
  readonly lost: number;
  /** Video frames that came due while somebody played. */
  readonly frames: number;
  /** What was said to it. */
  readonly heard: Heard;
  /** What is wrong at the moment; times are the seconds that remain. */
  readonly faults: FaultRequest;
}

/**
 * A simulated camera. It films only while somebody plays: the first player starts it with a keyframe at once, later ones
 * join at the next keyframe.
 */
export class SimulatedCamera implements Mount {
  readonly kind = 'live';
  readonly features = [ONVIF_BACKCHANNEL];
  readonly loudspeaker = new Loudspeaker();
  readonly name: string;
  /** Called when {@link reachability} changed; while it is not `up`, sessions are to be ended. */
  onReachability: () => void = () => undefined;

  private readonly encoder: Encoder;
  private readonly host: SessionHost;
  private readonly counters = { packets: 0, bytes: 0, lost: 0 };
  private readonly sessions = new Set<CameraSession>();
  private readonly playing = new Set<CameraSession>();
  private maxSessions = 0;
  private totalSessions = 0;

  private loop: MediaLoop;
  private sdpSessionId = newSdpSessionId();
  private sdpVersion = 1;

  private loss = 0;
  private wrongPassword = false;
  private transportFault: NonNullable<FaultRequest['transport']> = 'any';
  private readonly stall: Outage;
  private readonly refusal: Outage;
  private readonly outOfService: Outage;

  constructor(private readonly options: CameraOptions) {
    const { clock, name, loop, random = Math.random } = options;
    this.name = name;
    this.loop = loop;
    this.encoder = new Encoder(loop, clock, {
      unit: (unit) => this.playing.forEach((session) => session.deliver(unit)),
      flush: () => this.playing.forEach((session) => session.flush()),
    });
    this.host = {
      trackCount: loop.tracks.length,
      counters: this.counters,
      nowMs: () => clock.monotonicMs(),
      nowNs: options.nowNs ?? (() => process.hrtime.bigint()),
      losesPacket: () => this.loss > 0 && random() < this.loss,
      join: (session) => this.join(session),
      leave: (session) => this.leave(session),
      closed: (session) => this.sessions.delete(session),
      said: (buf, offset, length) => this.loudspeaker.play(buf, offset, length),
    };
    this.stall = new Outage(clock, () => this.film());
    this.refusal = new Outage(clock, () => this.onReachability());
    this.outOfService = new Outage(clock, () => {
      this.encoder.reboot();
      this.sdpSessionId = newSdpSessionId();
      this.onReachability();
    });
  }

  /** What it films at the moment. */
  get filmed(): MediaLoop {
    return this.loop;
  }

  get reachability(): Reachability {
    if (this.outOfService.active) return 'rebooting';
    return this.refusal.active ? 'refusing' : 'up';
  }

  /** Whether every login is to be refused. */
  get deniesLogin(): boolean {
    return this.wrongPassword;
  }

  /** Lower transports that SETUP may choose. */
  get transports(): { readonly tcp: boolean; readonly udp: boolean } {
    return { tcp: this.transportFault !== 'udp-only', udp: this.transportFault !== 'tcp-only' };
  }

  get status(): CameraStatus {
    return {
      name: this.name,
      reachability: this.reachability,
      sessions: this.sessions.size,
      maxSessions: this.maxSessions,
      totalSessions: this.totalSessions,
      playing: this.playing.size,
      ...this.counters,
      frames: this.encoder.frames,
      heard: this.loudspeaker.heard,
      faults: this.activeFaults(),
    };
  }

  /** Who does not ask for the back channel sees none (ONVIF Streaming s.5.3). */
  describe(required: readonly string[]): Promise<MountDescription> {
    const talks = required.includes(ONVIF_BACKCHANNEL);
    const filmed = this.loop.tracks.map(({ format }, index) => ({
      format,
      control: `trackID=${index}`,
      direction: 'recvonly' as const,
      ...(talks && { attributes: ['recvonly'] }),
    }));
    return Promise.resolve({
      name: this.name,
      sessionId: this.sdpSessionId,
      sessionVersion: this.sdpVersion,
      range: ['npt=now-'],
      tracks: talks ? [...filmed, this.loudspeaker.track(filmed.length)] : filmed,
    });
  }

  open(output: StreamOutput): MountStream {
    const session = new CameraSession(this.host, output);
    this.sessions.add(session);
    this.totalSessions += 1;
    this.maxSessions = Math.max(this.maxSessions, this.sessions.size);
    return session;
  }

  /** Throws NightjarError `unavailable` while the camera refuses or reboots. */
  assertReachable(): void {
    const { name, reachability } = this;
    if (reachability === 'up') return;
    throw new NightjarError('unavailable', 'camsim/unreachable', `${name} is ${reachability}`);
  }

  /** Makes things go wrong, on top of what is wrong already. */
  inject(faults: FaultRequest): void {
    if (faults.loss !== undefined) this.loss = faults.loss;
    if (faults.wrongPassword !== undefined) this.wrongPassword = faults.wrongPassword;
    if (faults.transport !== undefined) this.transportFault = faults.transport;
    if (faults.timestampJump !== undefined) this.encoder.jump(faults.timestampJump);
    if (faults.resolution !== undefined) this.switchTo(faults.resolution);
    if (faults.refuse !== undefined) this.refuse(faults.refuse);
    if (faults.stall !== undefined) this.stallFor(faults.stall);
    if (faults.reboot !== undefined) this.rebootFor(faults.reboot);
  }

  /** Ends all that {@link inject} began. RTP timestamps stay where a jump took them. */
  clearFaults(): void {
    this.loss = 0;
    this.wrongPassword = false;
    this.transportFault = 'any';
    this.switchTo('own');
    this.refusal.end();
    this.stall.end();
    this.outOfService.end();
  }

  private join(session: CameraSession): readonly number[] | undefined {
    this.playing.add(session);
    this.film();
    return this.encoder.nextKeyframeTimestamps;
  }

  private leave(session: CameraSession): void {
    this.playing.delete(session);
    if (this.playing.size === 0) this.encoder.stop();
  }

  /** Films if anybody wants it and nothing hinders. */
  private film(): void {
    if (this.playing.size > 0 && !this.stall.active) this.encoder.start();
  }

  private switchTo(resolution: 'own' | 'other'): void {
    const loop = resolution === 'own' ? this.options.loop : this.options.otherLoop();
    if (loop === this.loop) return;
    this.loop = loop;
    this.sdpVersion += 1;
    this.encoder.switchTo(loop);
  }

  private refuse(how: boolean | number): void {
    if (how === false) {
      this.refusal.end();
      return;
    }
    this.refusal.begin(how === true ? Infinity : how);
    this.onReachability();
  }

  private stallFor(seconds: number): void {
    this.encoder.stop();
    this.stall.begin(seconds);
  }

  private rebootFor(seconds: number): void {
    this.outOfService.begin(seconds);
    this.onReachability();
  }

  private activeFaults(): FaultRequest {
    const { loss, wrongPassword, transportFault, stall, refusal, outOfService } = this;
    const refuse = refusal.remainingSeconds === Infinity ? true : refusal.remainingSeconds;
    return {
      ...(loss > 0 && { loss }),
      ...(stall.active && { stall: stall.remainingSeconds }),
      ...(outOfService.active && { reboot: outOfService.remainingSeconds }),
      ...(refusal.active && { refuse }),
      ...(wrongPassword && { wrongPassword }),
      ...(this.loop !== this.options.loop && { resolution: 'other' as const }),
      ...(transportFault !== 'any' && { transport: transportFault }),
    };
  }
}

/** `o=` session id: a number that fits every SDP parser's integer. */
function newSdpSessionId(): string {
  return String(randomInt(2 ** 47));
}
