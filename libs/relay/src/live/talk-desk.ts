import { NightjarError, type Clock } from '@nightjar/common';
import { payloadTypeOf, rtpDefect } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import { TrackContinuity } from '../hub/continuity.js';
import type { Backchannel } from '../source/source.js';

/** Audio comes in small packets; what is larger is none. */
const MAX_PACKET_BYTES = 1472;

/** Who says nothing for so long gives the place free: over UDP nobody tells us that a client has gone. */
const SILENCE_MS = 5_000;

/** Somebody who talks; only to be told from others. */
export type Talker = object;

export interface TalkDeskOptions {
  readonly hub: { readonly backchannel: Backchannel | undefined };
  readonly clock: Clock;
}

/**
 * The back channel of a stream, for one talker at a time (ONVIF Streaming s.5.3). To the camera all talkers are one
 * source: constant SSRC, sequence numbers without holes between them. It sees nothing of who comes and goes.
 */
export class TalkDesk {
  private talker: Talker | undefined;
  private heardAtMs = 0;
  private continuity: TrackContinuity | undefined;

  constructor(private readonly options: TalkDeskOptions) {}

  /** What the camera takes; undefined while it takes nothing. */
  get track(): SdpTrack | undefined {
    return this.options.hub.backchannel?.track;
  }

  /** @throws NightjarError 'exhausted' when somebody talks */
  requireFree(): void {
    const { clock } = this.options;
    if (this.talker === undefined || clock.monotonicMs() - this.heardAtMs > SILENCE_MS) return;
    const reason = 'Somebody else talks to this camera';
    throw new NightjarError('exhausted', 'relay/talker-there', reason, { reason });
  }

  /** @throws NightjarError 'exhausted' when somebody else talks */
  enter(talker: Talker): void {
    if (talker === this.talker) return;
    this.requireFree();
    this.talker = talker;
    this.heardAtMs = this.options.clock.monotonicMs();
    this.continuity?.restart();
  }

  leave(talker: Talker): void {
    if (talker === this.talker) this.talker = undefined;
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
    backchannel.send(packet);
  }
}
