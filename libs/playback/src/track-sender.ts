import {
  configOf,
  createPacketizer,
  encodeSenderReport,
  sameConfig,
  type CodecConfig,
  type Packetizer,
  type TrackFormat,
} from '@nightjar/rtp';
import type { StreamOutput } from '@nightjar/relay';
import { randomInt } from 'node:crypto';

/** Interval of sender reports (RFC 3550 s.6.2). */
const REPORT_INTERVAL_MS = 5_000;

/** Makes RTP of the recorded units of one track, under one SSRC and one numbering for the whole session. */
export class TrackSender {
  private readonly timestampBase = randomInt(2 ** 31);
  private config: CodecConfig | undefined;
  private packetizer: Packetizer | undefined;
  private nextSequence = randomInt(2 ** 15);
  private packets = 0;
  private octets = 0;
  private reportedAtMs = -Infinity;

  constructor(
    /** Place in the SDP. */
    readonly track: number,
    private readonly format: TrackFormat,
    private readonly output: StreamOutput,
    private readonly cname: string,
  ) {}

  /** The sequence number of the next packet. */
  get sequence(): number {
    return this.nextSequence;
  }

  /** RTP timestamp of a media time in milliseconds. */
  timestampAt(mediaMs: number): number {
    return (this.timestampBase + Math.round((mediaMs / 1000) * this.format.clockRateHz)) >>> 0;
  }

  /** The segment that is played from here on describes its track like this. Other parameter sets go out in band. */
  describe(format: TrackFormat): void {
    const config = configOf(format);
    if (config === undefined || (this.config !== undefined && sameConfig(config, this.config)))
      return;
    this.config = config;
    this.packetizer = createPacketizer(config, {
      payloadType: this.format.payloadType,
      ssrc: this.output.ssrc(this.track),
      firstSequence: this.nextSequence,
    });
  }

  /** Queues the packets of one unit, and a sender report when one is due. */
  send(
    unit: { readonly data: Uint8Array; readonly keyframe: boolean; readonly wallMs: number },
    mediaMs: number,
  ): void {
    if (this.packetizer === undefined) return;
    const timestamp = this.timestampAt(mediaMs);
    for (const packet of this.packetizer.packetize(unit, timestamp)) {
      this.output.send(this.track, packet, false);
      this.packets++;
      this.octets += packet.length - 12;
    }
    this.nextSequence = this.packetizer.nextSequence;
    if (mediaMs - this.reportedAtMs < REPORT_INTERVAL_MS) return;
    this.reportedAtMs = mediaMs;
    // The wall time is that of the recording: what the picture shows happened then.
    const report = encodeSenderReport({
      ssrc: this.output.ssrc(this.track),
      wallMs: unit.wallMs,
      rtpTimestamp: timestamp,
      packets: this.packets,
      octets: this.octets,
      cname: this.cname,
    });
    this.output.send(this.track, report, true);
  }
}
