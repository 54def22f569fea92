import { createHash } from 'node:crypto';
import {
  createDepacketizer,
  decodeRtcp,
  replayFieldsOf,
  sequenceOf,
  ssrcOf,
  timestampOf,
  type Depacketizer,
  type ReplayFields,
  type TrackFormat,
} from '@nightjar/rtp';

/** A picture or audio frame as it arrived. */
export interface ReceivedUnit {
  readonly keyframe: boolean;
  /** Something of it or before it was missing. */
  readonly damaged: boolean;
  readonly ticks: number;
  /** performance.now() */
  readonly arrivedMs: number;
  /** Of the media bytes as they stand in an MP4 sample. */
  readonly md5: string;
  /** What the header extension of its first packet said. */
  readonly replay: ReplayFields | undefined;
}

/** What a player received of one track. */
export class PlayerTrack {
  units: ReceivedUnit[] = [];
  packets = 0;
  /** Sequence numbers that were passed over. */
  lost = 0;
  readonly ssrcs = new Set<number>();
  byes = 0;
  /** performance.now() of the last packet. */
  lastArrivalMs = 0;
  private lastSequence: number | undefined;
  private depacketizer: Depacketizer | undefined;
  /** By RTP timestamp. */
  private readonly replays = new Map<number, ReplayFields>();

  constructor(readonly format: TrackFormat) {
    this.restart();
  }

  /** Forgets the units so far: what follows comes from another position. */
  restart(): void {
    this.units = [];
    this.replays.clear();
    this.depacketizer = createDepacketizer(this.format, {
      config: () => undefined,
      accessUnit: ({ data, keyframe, damaged, ticks }) =>
        this.units.push({
          keyframe,
          damaged,
          ticks,
          arrivedMs: performance.now(),
          md5: createHash('md5').update(data).digest('hex'),
          replay: this.replays.get(((ticks % 2 ** 32) + 2 ** 32) % 2 ** 32),
        }),
    });
  }

  /** The first picture that can be shown. */
  get firstKeyframe(): ReceivedUnit | undefined {
    return this.units.find(({ keyframe, damaged }) => keyframe && !damaged);
  }

  rtp(packet: Buffer): void {
    const sequence = sequenceOf(packet, 0);
    if (this.lastSequence !== undefined) this.lost += (sequence - this.lastSequence - 1) & 0xffff;
    this.lastSequence = sequence;
    this.packets += 1;
    this.lastArrivalMs = performance.now();
    this.ssrcs.add(ssrcOf(packet, 0));
    const replay = replayFieldsOf(packet);
    if (replay !== undefined) this.replays.set(timestampOf(packet, 0), replay);
    this.depacketizer?.push(packet, 0, packet.length);
  }

  rtcp(packet: Buffer): void {
    for (const { type } of decodeRtcp(packet, 0, packet.length)) {
      if (type === 'bye') this.byes += 1;
    }
  }
}
