import { createHash } from 'node:crypto';
import {
  createDepacketizer,
  decodeRtcp,
  sequenceOf,
  ssrcOf,
  type Depacketizer,
  type TrackFormat,
} from '@nightjar/rtp';

/** A picture or audio frame as it arrived. */
interface ReceivedUnit {
  readonly keyframe: boolean;
  /** Something of it or before it was missing. */
  readonly damaged: boolean;
  readonly ticks: number;
  /** performance.now() */
  readonly arrivedMs: number;
  /** Of the media bytes as they stand in an MP4 sample. */
  readonly md5: string;
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

  constructor(readonly format: TrackFormat) {
    this.restart();
  }

  /** Forgets the units so far: what follows comes from another position. */
  restart(): void {
    this.units = [];
    this.depacketizer = createDepacketizer(this.format, {
      config: () => undefined,
      accessUnit: ({ data, keyframe, damaged, ticks }) =>
        this.units.push({
          keyframe,
          damaged,
          ticks,
          arrivedMs: performance.now(),
          md5: createHash('md5').update(data).digest('hex'),
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
    this.depacketizer?.push(packet, 0, packet.length);
  }

  rtcp(packet: Buffer): void {
    for (const { type } of decodeRtcp(packet, 0, packet.length)) {
      if (type === 'bye') this.byes += 1;
    }
  }
}
