import {
  configOf,
  createPacketizer,
  encodeSenderReport,
  sameConfig,
  withReplayExtension,
  type Packetizer,
  type ReplayFields,
  type SentConfig,
  type TrackFormat,
} from '@nightjar/rtp';
import { randomInt } from 'node:crypto';
import type { Outbox } from './outbox.js';

/** Interval of sender reports (RFC 3550 s.6.2). */
const REPORT_INTERVAL_MS = 5_000;

/** Makes RTP of the stored units of one track, under one SSRC and one numbering for the whole session. */
export class TrackSender {
  private readonly timestampBase = randomInt(2 ** 31);
  /** What {@link describe} was told last. */
  private described: TrackFormat | undefined;
  private config: SentConfig | undefined;
  private packetizer: Packetizer | undefined;
  private nextSequence = randomInt(2 ** 15);
  private packets = 0;
  private octets = 0;
  private reportedAtMs = -Infinity;
  /** The output must see a packet of this track by itself, to know whose goodbye it owes. */
  private unseen = true;

  constructor(
    /** Place in the SDP. */
    readonly track: number,
    private readonly format: TrackFormat,
    private readonly outbox: Outbox,
    private readonly ssrc: number,
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

  /** The next units are of a track that its segment describes like this. Other parameter sets go out in band. */
  describe(format: TrackFormat): void {
    if (format === this.described) return;
    this.described = format;
    const config = configOf(format);
    if (config !== undefined) this.use(config);
  }

  /** The next units are of this configuration. */
  use(config: SentConfig): void {
    if (this.config !== undefined && sameConfig(config, this.config)) return;
    this.config = config;
    this.packetizer = createPacketizer(config, {
      payloadType: this.format.payloadType,
      ssrc: this.ssrc,
      firstSequence: this.nextSequence,
    });
  }

  /** The output has said goodbye for this track, or is about to begin. */
  restart(): void {
    this.unseen = true;
  }

  /**
   * Queues the packets of one unit, and a sender report when one is due.
   * @param extension goes out with the first packet
   * @param reportMs what reports give as the wall time of the unit; undefined: there are none
   */
  send(
    unit: { readonly data: Uint8Array; readonly keyframe: boolean },
    mediaMs: number,
    { extension, reportMs }: { extension?: ReplayFields | undefined; reportMs: number | undefined },
  ): void {
    if (this.packetizer === undefined) return;
    const timestamp = this.timestampAt(mediaMs);
    let first = true;
    for (const bare of this.packetizer.packetize(unit, timestamp)) {
      const packet = first && extension !== undefined ? withReplayExtension(bare, extension) : bare;
      first = false;
      if (this.unseen) this.outbox.sendAlone(this.track, packet, false);
      else this.outbox.add(this.track, packet);
      this.unseen = false;
      this.packets++;
      this.octets += packet.length - 12;
    }
    this.nextSequence = this.packetizer.nextSequence;
    if (reportMs === undefined || mediaMs - this.reportedAtMs < REPORT_INTERVAL_MS) return;
    this.reportedAtMs = mediaMs;
    const report = encodeSenderReport({
      ssrc: this.ssrc,
      wallMs: reportMs,
      rtpTimestamp: timestamp,
      packets: this.packets,
      octets: this.octets,
      cname: this.cname,
    });
    this.outbox.sendAlone(this.track, report, true);
  }
}
