import { NightjarError } from '@nightjar/common';
import { h264Config, h265Config, type SentConfig, type XiphHeaders } from '@nightjar/rtp';

/** Types of NAL units of H.265 in arrays of its record. */
const H265_VPS = 32;
const H265_SPS = 33;
const H265_PPS = 34;

/** A codec configuration, with the size of the lengths before NAL units in its samples. */
export interface NalRecord {
  readonly config: SentConfig;
  readonly lengthBytes: number;
}

/** AVCDecoderConfigurationRecord, ISO/IEC 14496-15 s.5.3.3.1. @throws NightjarError `protocol` when it is cut off */
export function readAvcRecord(record: Uint8Array): NalRecord {
  const cursor = new Cursor(record, 4);
  const lengthBytes = (cursor.byte() & 3) + 1;
  const sets = (count: number): Uint8Array[] =>
    Array.from({ length: count }, () => cursor.sized(cursor.uint16()));
  const [sps] = sets(cursor.byte() & 0x1f);
  const [pps] = sets(cursor.byte());
  if (sps === undefined || pps === undefined) throw cutOff();
  return { config: h264Config(sps, pps), lengthBytes };
}

/** HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 s.8.3.3.1. @throws NightjarError `protocol` when it is cut off */
export function readHevcRecord(record: Uint8Array): NalRecord {
  const cursor = new Cursor(record, 21);
  const lengthBytes = (cursor.byte() & 3) + 1;
  const found = new Map<number, Uint8Array>();
  for (let arrays = cursor.byte(); arrays > 0; arrays -= 1) {
    const type = cursor.byte() & 0x3f;
    for (let count = cursor.uint16(); count > 0; count -= 1) {
      const nal = cursor.sized(cursor.uint16());
      if (!found.has(type)) found.set(type, nal);
    }
  }
  const [vps, sps, pps] = [H265_VPS, H265_SPS, H265_PPS].map((type) => found.get(type));
  if (vps === undefined || sps === undefined || pps === undefined) throw cutOff();
  return { config: h265Config(vps, sps, pps), lengthBytes };
}

/** Three headers with the sizes of two before them (Xiph lacing). @throws NightjarError `protocol` when it is cut off */
export function readXiphHeaders(record: Uint8Array): XiphHeaders {
  const cursor = new Cursor(record, 0);
  if (cursor.byte() !== 2) throw cutOff();
  const size = (): number => {
    let sum = 0;
    for (;;) {
      const byte = cursor.byte();
      sum += byte;
      if (byte < 255) return sum;
    }
  };
  const [first, second] = [size(), size()];
  return [cursor.sized(first), cursor.sized(second), cursor.rest()];
}

/** Units behind lengths of `lengthBytes` as units behind lengths of four bytes. @throws NightjarError `protocol` */
export function withLongLengths(data: Uint8Array, lengthBytes: number): Uint8Array {
  if (lengthBytes === 4) return data;
  const cursor = new Cursor(data, 0);
  const parts: Uint8Array[] = [];
  while (!cursor.atEnd) {
    let length = 0;
    for (let i = 0; i < lengthBytes; i += 1) length = length * 256 + cursor.byte();
    parts.push(lengthOf(length), cursor.sized(length));
  }
  return Buffer.concat(parts);
}

/** A length of four bytes, as packetizers want it before each NAL unit. */
export function lengthOf(bytes: number): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes);
  return length;
}

class Cursor {
  constructor(
    private readonly bytes: Uint8Array,
    private at: number,
  ) {}

  get atEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw cutOff();
    this.at += 1;
    return byte;
  }

  uint16(): number {
    return this.byte() * 256 + this.byte();
  }

  /** A copy. */
  sized(bytes: number): Uint8Array {
    if (bytes > this.bytes.length - this.at) throw cutOff();
    this.at += bytes;
    return this.bytes.slice(this.at - bytes, this.at);
  }

  rest(): Uint8Array {
    return this.bytes.slice(this.at);
  }
}

function cutOff(): NightjarError {
  return new NightjarError('protocol', 'containers/codec-record', 'codec configuration is broken');
}
