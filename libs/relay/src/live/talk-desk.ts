import { NightjarError, type Clock } from '@nightjar/common';
import { payloadTypeOf, rtpDefect } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import { TrackContinuity } from '../hub/continuity.js';
import type { Backchannel } from '../source/source.js';

/** Audio comes in small packets; what is larger is none. */
const MAX_PACKET_BYTES = 1472;

/** Who says nothing for so long gives the place free: over UDP nobody tells us that a client has gone. */
const SILENCE_MS = 5_000;

/** Somebody who talks; a new one each time. */
export interface Talker {
  /** Name for the log; undefined where nobody logs in. */
  readonly user: string | undefined;
}

export interface TalkDeskOptions {
  readonly hub: { readonly backchannel: Backchannel | undefined };
  readonly clock: Clock;
  readonly onTalk: (what: 'began' | 'ended', user: string | undefined) => void;
}

/** Counters of a back channel; they only rise. */
export interface TalkStats {
  /** Times that somebody began to talk. */
  talks: number;
  /** Times that somebody could not, because of another one. */
  refused: number;
  /** Passed on to the camera. */
  packets: number;
  bytes: number;
}

/**
 * The back channel of a stream, for one talker at a time (ONVIF Streaming s.5.3). To the camera all talkers are one
 * source: constant SSRC, sequence numbers without holes between them. It sees nothing of who comes and goes.
 */
export class TalkDesk {
  readonly stats: TalkStats = { talks: 0, refused: 0, packets: 0, bytes: 0 };
  private talker: Talker | undefined;
  private heardAtMs = 0;
  private continuity: TrackContinuity | undefined;

  constructor(private readonly options: TalkDeskOptions) {}

  /** What the camera takes; undefined while it takes nothing. */
  get track(): SdpTrack | undefined {
    return this.options.hub.backchannel?.track;
  }

  /** Whether somebody talks now. */
  get taken(): boolean {
    return (
      this.talker !== undefined && this.options.clock.monotonicMs() - this.heardAtMs <= SILENCE_MS
    );
  }

  /** @throws NightjarError 'exhausted' when somebody talks */
  requireFree(): void {
    if (!this.taken) return;
    this.stats.refused += 1;
    const reason = 'Somebody else talks to this camera';
    throw new NightjarError('exhausted', 'relay/talker-there', reason, { reason });
  }

  /** @throws NightjarError 'exhausted' when somebody else talks */
  enter(talker: Talker): void {
    if (talker === this.talker) return;
    this.requireFree();
    if (this.talker !== undefined) this.leave(this.talker);
    this.talker = talker;
    this.stats.talks += 1;
    this.options.onTalk('began', talker.user);
    this.heardAtMs = this.options.clock.monotonicMs();
    this.continuity?.restart();
  }

  leave(talker: Talker): void {
    if (talker !== this.talker) return;
    this.talker = undefined;
    this.options.onTalk('ended', talker.user);
  }

  /** One RTP packet of who talks. What is none, or of another kind than the camera takes, is dropped. */
  rtp(talker: Talker, buf: Buffer, offset: number, length: number): void {
    const { hub, clock } = this.options;
    const { backchannel } = hub;
    if (talker !== this.talker || backchannel === undefined || length > MAX_PACKET_BYTES) return;
    const { format } = backchannel.track;
    if (rtpDefect(buf, offset, length) !== undefined) return;
    if (payloadTypeOf(buf, offset) !== format.payloadType) return;
    if (this.continuity?.clockRateHz !== format.clockRateHz)
      this.continuity = new TrackContinuity(format.clockRateHz);
    const packet = Buffer.from(buf.subarray(offset, offset + length));
    this.heardAtMs = clock.monotonicMs();
    this.continuity.rewrite(packet, 0, length, clock.monotonicMs());
    this.stats.packets += 1;
    this.stats.bytes += length;
    backchannel.send(packet);
  }
}
