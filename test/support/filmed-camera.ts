import type { ManualClock } from '@nightjar/common';
import type { HubReader, OfflineReason } from '@nightjar/relay';
import type { Packetizer } from '@nightjar/rtp';
import { createPacketizer, formatOf } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import { SOUND, VIDEO, videoUnit } from '../../libs/recording/test/bench.js';

const GOP = 50;
const FRAME_TICKS = 3_600;

/** The hub of one stream and its camera, which films when it is told to. */
export class FilmedCamera {
  readers: HubReader[] = [];
  away: OfflineReason | undefined;
  /** Pictures that are lost on the way. */
  losing = 0;
  private frame: number;
  private readonly video: Packetizer;
  private readonly sound: Packetizer;

  constructor(
    private readonly clock: ManualClock,
    phase: number,
  ) {
    this.frame = phase;
    this.video = createPacketizer(VIDEO, { payloadType: 96, ssrc: 1, firstSequence: 1 });
    this.sound = createPacketizer(SOUND, { payloadType: 0, ssrc: 2, firstSequence: 1 });
  }

  get tracks(): SdpTrack[] {
    return [
      { format: formatOf(VIDEO, 96), control: 'v', direction: 'recvonly' },
      { format: formatOf(SOUND, 0), control: 'a', direction: 'recvonly' },
    ];
  }

  attach(reader: HubReader): void {
    this.readers = [...this.readers, reader];
    reader.tracks(this.tracks);
    if (this.away !== undefined) reader.unavailable?.(this.away);
  }

  detach(reader: HubReader): void {
    this.readers = this.readers.filter((other) => other !== reader);
  }

  leave(reason: OfflineReason): void {
    const before = this.away;
    this.away = reason;
    for (const reader of this.readers) {
      if (before === undefined) reader.interrupted(reason);
      else reader.unavailable?.(reason);
    }
  }

  /** One picture and its sound, to whoever is there. */
  film(): void {
    this.frame += 1;
    if (this.away !== undefined) return;
    const keyframe = this.frame % GOP === 0;
    const ticks = (this.frame * FRAME_TICKS) % 2 ** 32;
    const packets = [
      ...this.video
        .packetize({ data: videoUnit(keyframe), keyframe }, ticks)
        .map((packet) => [0, packet] as const),
      ...this.sound
        .packetize({ data: Buffer.alloc(320), keyframe: true }, this.frame * 320)
        .map((packet) => [1, packet] as const),
    ];
    this.losing -= 1;
    if (this.losing >= 0) return;
    let at = 0;
    const offsets = packets.map(([, packet]) => (at += packet.length) - packet.length);
    const batch = {
      bytes: Buffer.concat(packets.map(([, packet]) => packet)),
      count: packets.length,
      offsets: Uint32Array.from(offsets),
      lengths: Uint32Array.from(packets, ([, packet]) => packet.length),
      tracks: Uint8Array.from(packets, ([track]) => track),
      keyframeAt: -1,
      arrivalMs: this.clock.monotonicMs(),
    };
    for (const reader of this.readers) reader.batch(batch, 0);
  }
}
