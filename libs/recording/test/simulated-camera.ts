import type { SourceSink } from '@nightjar/relay';
import type { CodecConfig, Packetizer } from '@nightjar/rtp';
import { createPacketizer, encodeRtp, formatOf } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import { VIDEO } from './bench.js';
import { CameraClock, randomOf } from './camera-clock.js';
import type { ClockEvent } from './camera-clock.js';

/** What the camera says in sender reports. */
export type Reporting = 'both' | 'video-only' | 'zero' | 'none';

export interface CameraModel {
  readonly seed: number;
  readonly framesPerSecond: number;
  readonly gopFrames: number;
  /** A GOP is a keyframe, then groups of three: a P-picture, sent before the two B-pictures that precede it. */
  readonly bFrames: boolean;
  readonly videoPpm: number;
  readonly soundPpm: number;
  readonly soundRateHz: number;
  /** Length of a unit of sound. */
  readonly soundSamples: number;
  readonly soundUnitsPerPacket: number;
  /** From a picture being taken to it being sent; sound is sent at once when its packet is full. */
  readonly videoDelayMs: number;
  readonly reporting: Reporting;
  /** Of its date: what it shows when the day begins. */
  readonly dateMs: number;
  /** No report before. */
  readonly firstReportMs: number;
  readonly reportJitterMs: number;
  /** What befalls its clocks. */
  readonly pictureClock: readonly ClockEvent[];
  readonly soundClock: readonly ClockEvent[];
  readonly date: readonly ClockEvent[];
  /** Nothing is sent between the two times. */
  readonly silences: readonly (readonly [fromMs: number, toMs: number])[];
  /** Nothing gets through the network between the two times; all of it arrives afterwards. */
  readonly stalls: readonly (readonly [fromMs: number, toMs: number])[];
  readonly jitterMs: number;
}

/** Least time on the way. */
export const NETWORK_MS = 3;
const REPORT_MS = 5_000;
const ID_BYTES = 5;

interface Packet {
  readonly sendMs: number;
  deliver(sink: SourceSink): void;
}

/** The number of a unit, in bytes that no start code can be in. */
function idBytes(id: number): Buffer {
  return Buffer.from(
    Array.from({ length: ID_BYTES }, (_, index) => 0x80 | (Math.floor(id / 128 ** index) % 128)),
  );
}

/** The number of a unit from its recorded data. */
export function idOf(track: number, data: Uint8Array): number {
  const at = track === 0 ? 6 : 0;
  let id = 0;
  for (let index = ID_BYTES - 1; index >= 0; index -= 1)
    id = id * 128 + ((data[at + index] ?? 0) & 0x7f);
  return id;
}

/** A camera whose every unit is known by a number, with the clocks and the network that its model says. */
export class SimulatedCamera {
  private readonly random: () => number;
  private readonly picture: Packetizer;
  private readonly pictureTime: CameraClock;
  private readonly soundTime: CameraClock;
  private readonly date: CameraClock;
  private readonly soundConfig: CodecConfig;
  private readonly ticksAtStart: readonly [number, number];
  private soundSequence = 7;
  private frame = 0;
  private soundUnit = 0;
  private nextReportMs: number;
  private arrivedMs = 0;

  constructor(readonly model: CameraModel) {
    this.random = randomOf(model.seed);
    this.picture = createPacketizer(VIDEO, { payloadType: 96, ssrc: 1, firstSequence: 5 });
    this.pictureTime = new CameraClock(model.videoPpm, 0, model.pictureClock);
    this.soundTime = new CameraClock(model.soundPpm, 0, model.soundClock);
    this.date = new CameraClock(model.videoPpm, model.dateMs, model.date);
    this.soundConfig = {
      codec: 'aac',
      audioSpecificConfig: Uint8Array.from([0x15, 0x88]),
      sampleRateHz: model.soundRateHz,
      channels: 1,
    };
    this.ticksAtStart = [Math.floor(this.random() * 2 ** 32), Math.floor(this.random() * 2 ** 32)];
    this.nextReportMs = Math.max(model.firstReportMs, REPORT_MS / 2);
  }

  get tracks(): SdpTrack[] {
    return [
      { format: formatOf(VIDEO, 96), control: 'v', direction: 'recvonly' },
      { format: formatOf(this.soundConfig, 97), control: 'a', direction: 'recvonly' },
    ];
  }

  /** When a unit of a track was taken; of sound, its beginning. */
  takenMs(track: number, id: number): number {
    const { framesPerSecond, soundSamples, soundRateHz, soundPpm } = this.model;
    if (track === 0) return (id * 1000) / framesPerSecond;
    return (id * soundSamples * 1000) / soundRateHz / (1 + soundPpm * 1e-6);
  }

  /** Pictures and units of sound sent so far, or passed over in silence. */
  get counts(): readonly [number, number] {
    return [this.frame, this.soundUnit];
  }

  isSilent(trueMs: number): boolean {
    return this.model.silences.some(([fromMs, toMs]) => trueMs >= fromMs && trueMs < toMs);
  }

  /**
   * Sends all that is taken before a true time.
   * @param turn is called with the true time of each arrival, before it
   */
  play(untilMs: number, sink: SourceSink, turn: (trueMs: number) => void): void {
    const packets: Packet[] = [];
    const { model } = this;
    for (;;) {
      const group = model.bFrames && this.frame % model.gopFrames !== 0 ? 3 : 1;
      const last = this.frame + group - 1;
      if (this.takenMs(0, last) >= untilMs) break;
      const sendMs = this.takenMs(0, last) + model.videoDelayMs;
      for (let n = 0; n < group; n += 1)
        this.sendPicture(packets, n === 0 ? last : last - group + n, sendMs);
      this.frame += group;
    }
    const perPacket = model.soundUnitsPerPacket;
    while (this.takenMs(1, this.soundUnit + perPacket) < untilMs) {
      this.sendSound(packets, this.soundUnit, this.takenMs(1, this.soundUnit + perPacket));
      this.soundUnit += perPacket;
    }
    for (; this.nextReportMs < untilMs; this.nextReportMs += REPORT_MS * (0.5 + this.random()))
      this.sendReports(packets, this.nextReportMs);
    packets.sort((a, b) => a.sendMs - b.sendMs);
    for (const packet of packets) {
      if (this.isSilent(packet.sendMs)) continue;
      turn(this.arrival(packet.sendMs));
      packet.deliver(sink);
      sink.flush();
    }
  }

  private arrival(sendMs: number): number {
    const stall = this.model.stalls.find(([fromMs, toMs]) => sendMs >= fromMs && sendMs < toMs);
    const jitterMs = this.model.jitterMs * this.random() ** 3;
    const openMs = stall === undefined ? sendMs : stall[1];
    this.arrivedMs = Math.max(this.arrivedMs, openMs + NETWORK_MS + jitterMs);
    return this.arrivedMs;
  }

  private ticks(track: number, trueMs: number): number {
    const [clock, rate] =
      track === 0 ? [this.pictureTime, 90_000] : [this.soundTime, this.model.soundRateHz];
    const ticks = (this.ticksAtStart[track] ?? 0) + Math.round((clock.at(trueMs) * rate) / 1000);
    return ((ticks % 2 ** 32) + 2 ** 32) % 2 ** 32;
  }

  private sendPicture(packets: Packet[], id: number, sendMs: number): void {
    const keyframe = id % this.model.gopFrames === 0;
    const nal = Buffer.concat([Buffer.from([keyframe ? 0x65 : 0x41, 0x88]), idBytes(id)]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(nal.length);
    const unit = { data: Buffer.concat([length, nal]), keyframe };
    const timestamp = this.ticks(0, this.takenMs(0, id));
    const wire = this.picture.packetize(unit, timestamp);
    packets.push({
      sendMs,
      deliver: (sink) => {
        for (const packet of wire) sink.rtp(0, packet, 0, packet.length);
      },
    });
  }

  /** RFC 3640, AAC-hbr: 13 bits of size and 3 of index for each unit. */
  private sendSound(packets: Packet[], first: number, sendMs: number): void {
    const count = this.model.soundUnitsPerPacket;
    const head = Buffer.alloc(2 + 2 * count);
    head.writeUInt16BE(16 * count);
    const units: Buffer[] = [];
    for (let n = 0; n < count; n += 1) {
      head.writeUInt16BE(ID_BYTES << 3, 2 + 2 * n);
      units.push(idBytes(first + n));
    }
    const timestamp = this.ticks(1, this.takenMs(1, first));
    const sequence = (this.soundSequence += 1) & 0xffff;
    const packet = encodeRtp(
      { payloadType: 97, sequence, timestamp, ssrc: 2, marker: true },
      Buffer.concat([head, ...units]),
    );
    packets.push({ sendMs, deliver: (sink) => sink.rtp(1, packet, 0, packet.length) });
  }

  private sendReports(packets: Packet[], trueMs: number): void {
    const { reporting, reportJitterMs } = this.model;
    if (reporting === 'none') return;
    const tracks = reporting === 'video-only' ? [0] : [0, 1];
    for (const track of tracks) {
      const errorMs = (this.random() - 0.5) * 2 * reportJitterMs;
      const ntpMs = reporting === 'zero' ? Number.NaN : this.date.at(trueMs) + errorMs;
      const ticks = this.ticks(track, trueMs);
      packets.push({
        sendMs: trueMs + track * 0.01,
        deliver: (sink) => sink.senderReport(track, ntpMs, ticks),
      });
    }
  }
}
