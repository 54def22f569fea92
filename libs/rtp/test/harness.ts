import type { AccessUnit, CodecConfig, TrackFormat } from '../src/format.js';
import { createDepacketizer, encodeRtp, formatOf, splitAnnexB } from '../src/index.js';
import type { AccessUnitSink, Depacketizer, UnitMemory } from '../src/index.js';
import { H264_STREAM, H265_STREAM } from './elementary-streams.js';

export const PAYLOAD_TYPE = 96;

export const H264_NALS = splitAnnexB(H264_STREAM);
export const H265_NALS = splitAnnexB(H265_STREAM);
export const [, H264_SPS, H264_PPS] = H264_NALS as [Uint8Array, Uint8Array, Uint8Array];
export const [, H265_VPS, H265_SPS, H265_PPS] = H265_NALS as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
];

export const CONFIGS = {
  h264: {
    codec: 'h264',
    sps: Uint8Array.from(H264_SPS),
    pps: Uint8Array.from(H264_PPS),
    widthPx: 64,
    heightPx: 48,
  },
  h265: {
    codec: 'h265',
    vps: Uint8Array.from(H265_VPS),
    sps: Uint8Array.from(H265_SPS),
    pps: Uint8Array.from(H265_PPS),
    widthPx: 64,
    heightPx: 64,
  },
  aac: {
    codec: 'aac',
    audioSpecificConfig: Uint8Array.of(0x11, 0x90),
    sampleRateHz: 48_000,
    channels: 2,
  },
  pcmu: { codec: 'pcmu', sampleRateHz: 8000, channels: 1 },
  pcma: { codec: 'pcma', sampleRateHz: 16_000, channels: 2 },
  opus: { codec: 'opus', sampleRateHz: 48_000, channels: 2 },
} as const satisfies Record<string, CodecConfig>;

/** A format whose fmtp holds no parameter sets. */
export function bareFormat(codec: keyof typeof CONFIGS): TrackFormat {
  return { ...formatOf(CONFIGS[codec], PAYLOAD_TYPE), fmtp: {} };
}

/** Puts all units one behind the other, so that one written where another lies shows in the units of a test. */
class PackedMemory implements UnitMemory {
  private room = Buffer.alloc(0);
  private used = 0;

  claim(bytes: number): Buffer {
    if (this.room.length - this.used < bytes) {
      this.room = Buffer.alloc(bytes + 1000);
      this.used = 0;
    }
    return this.room.subarray(this.used);
  }

  keep(bytes: number): void {
    this.used += bytes;
  }
}

/** A depacketizer that writes down what it hands over, and numbers the packets it is given. */
export class Bench {
  readonly units: AccessUnit[] = [];
  readonly configs: CodecConfig[] = [];
  /** `config` and `unit` in the order of the calls. */
  readonly calls: string[] = [];
  readonly depacketizer: Depacketizer;
  nextSequence = 65_530;

  constructor(format: TrackFormat) {
    const memory = new PackedMemory();
    const sink: AccessUnitSink = {
      accessUnit: (unit) => {
        memory.keep(unit.data.length);
        this.units.push(unit);
        this.calls.push('unit');
      },
      config: (config) => {
        this.configs.push(config);
        this.calls.push('config');
      },
    };
    const depacketizer = createDepacketizer(format, sink, memory);
    if (depacketizer === undefined) throw new Error(`no depacketizer for ${format.codec}`);
    this.depacketizer = depacketizer;
  }

  /** Pushes one packet, off the start of a larger buffer as on the packet path. */
  push(
    payload: Uint8Array | string,
    timestamp: number,
    marker = false,
    payloadType = PAYLOAD_TYPE,
  ): void {
    const bytes = typeof payload === 'string' ? hex(payload) : payload;
    const fields = {
      payloadType,
      sequence: this.nextSequence,
      timestamp,
      ssrc: 1,
      marker,
    };
    this.nextSequence += 1;
    this.packet(encodeRtp(fields, bytes));
  }

  packet(packet: Buffer): void {
    const buf = Buffer.concat([Buffer.from('$?!!'), packet, Buffer.from('tail')]);
    this.depacketizer.push(buf, 4, packet.length);
  }

  lose(packets = 1): void {
    this.nextSequence += packets;
  }
}

/** Bytes of hex text; spaces are for reading. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

/** Access unit layout: every NAL unit behind its 4-byte length. */
export function lengthPrefixed(...nals: (Uint8Array | string)[]): Uint8Array {
  const parts = nals.flatMap((nal) => {
    const bytes = typeof nal === 'string' ? hex(nal) : nal;
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return new Uint8Array(Buffer.concat(parts));
}
