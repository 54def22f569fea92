import { NightjarError } from '@nightjar/common';
import { RTP_HEADER_BYTES } from '../rtp-packet.js';
import { fragmentsOf } from './fragments.js';
import { PacketWriter } from './packet-writer.js';
import type { Packetizer } from './packetizer.js';

/** Types of open bitstream units (AV1 s.6.2.2). */
const TEMPORAL_DELIMITER = 2;
const TILE_LIST = 8;
const PADDING = 15;

const HAS_SIZE = 0x02;
const HAS_EXTENSION = 0x04;

/** Aggregation header (AV1 over RTP s.4.4): continues, is continued, one element, starts a coded video sequence. */
const CONTINUES = 0x80;
const CONTINUED = 0x40;
const ONE_ELEMENT = 0x10;
const NEW_SEQUENCE = 0x08;
const MAX_LEB128_BYTES = 8;

/** AV1 (RTP Payload Format For AV1 1.0.0): each open bitstream unit alone, without its size, fragmented where it must be. */
export class Av1Packetizer extends PacketWriter implements Packetizer {
  packetize(
    unit: { readonly data: Uint8Array; readonly keyframe: boolean },
    rtpTimestamp: number,
  ): Buffer[] {
    const sent = obusOf(unit.data);
    return sent.flatMap((obu, index) =>
      fragmentsOf(obu, this.maxPayloadBytes - 1).map(({ bytes, first, last }) => {
        const end = last && index === sent.length - 1;
        const packet = this.start(1 + bytes.length, rtpTimestamp, end);
        packet[RTP_HEADER_BYTES] =
          ONE_ELEMENT |
          (first ? 0 : CONTINUES) |
          (last ? 0 : CONTINUED) |
          (unit.keyframe && index === 0 && first ? NEW_SEQUENCE : 0);
        packet.set(bytes, RTP_HEADER_BYTES + 1);
        return packet;
      }),
    );
  }
}

/**
 * The units of a temporal unit in the low-overhead format (AV1 s.5.2), those that are not to be sent left out, each without
 * its size field (AV1 over RTP s.4.5).
 * @throws NightjarError `invalid` when sizes do not add up
 */
function obusOf(data: Uint8Array): Uint8Array[] {
  const obus: Uint8Array[] = [];
  let at = 0;
  while (at < data.length) {
    const header = data[at]!;
    const headerBytes = (header & HAS_EXTENSION) === 0 ? 1 : 2;
    let start = at + headerBytes;
    let end = data.length;
    if ((header & HAS_SIZE) !== 0) {
      const { value, bytes } = leb128(data, start);
      start += bytes;
      end = start + value;
    }
    if (end > data.length || start > end) throw broken(at);
    const type = (header >> 3) & 0x0f;
    if (type !== TEMPORAL_DELIMITER && type !== TILE_LIST && type !== PADDING) {
      const obu = new Uint8Array(headerBytes + end - start);
      obu.set(data.subarray(at, at + headerBytes));
      obu[0] = header & ~HAS_SIZE;
      obu.set(data.subarray(start, end), headerBytes);
      obus.push(obu);
    }
    at = end;
  }
  return obus;
}

/** AV1 s.4.10.5. */
function leb128(data: Uint8Array, start: number): { value: number; bytes: number } {
  let value = 0;
  for (let i = 0; i < MAX_LEB128_BYTES; i += 1) {
    const byte = data[start + i];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if ((byte & 0x80) === 0) return { value, bytes: i + 1 };
  }
  throw broken(start);
}

function broken(byteOffset: number): NightjarError {
  return new NightjarError('invalid', 'rtp/av1-obu', 'AV1 unit has a wrong size', { byteOffset });
}
