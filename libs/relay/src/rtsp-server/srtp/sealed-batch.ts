import { SRTP_TAG_BYTES, type SrtpSender } from '@nightjar/rtp';
import { FRAME_HEADER_BYTES, type PacketBatch } from '../../hub/packet-batch.js';

/** Length field of an interleaved frame (RFC 2326 s.10.12). */
const MAX_FRAME_BYTES = 0xffff;

/** A batch with every packet protected by the sender of its track, in memory of its own. */
export function sealBatch(
  batch: PacketBatch,
  senderOf: (track: number) => SrtpSender,
): PacketBatch {
  const { bytes, offsets, lengths, tracks, count } = batch;
  let size = 0;
  for (let i = 0; i < count; i++)
    size += FRAME_HEADER_BYTES + lengths[i]! + senderOf(tracks[i]!).rtpOverheadBytes;
  const out = Buffer.allocUnsafe(size);
  const outOffsets = new Uint32Array(count);
  const outLengths = new Uint32Array(count);
  let used = 0;
  for (let i = 0; i < count; i++) {
    const sender = senderOf(tracks[i]!);
    const at = used + FRAME_HEADER_BYTES;
    // What would not fit a frame any more is cut: nothing that cameras send.
    const length = Math.min(lengths[i]!, MAX_FRAME_BYTES - sender.rtpOverheadBytes);
    const sealed = sender.rtp(bytes, offsets[i]!, length, out, at);
    writeFrameHeader(out, used, bytes[offsets[i]! - FRAME_HEADER_BYTES + 1]!, sealed);
    outOffsets[i] = at;
    outLengths[i] = sealed;
    used = at + sealed;
  }
  return { ...batch, bytes: out.subarray(0, used), offsets: outOffsets, lengths: outLengths };
}

/** One RTP packet, protected, in a buffer of its own. */
export function sealPacket(packet: Buffer, sender: SrtpSender): Buffer {
  const out = Buffer.allocUnsafe(packet.length + sender.rtpOverheadBytes);
  return out.subarray(0, sender.rtp(packet, 0, packet.length, out, 0));
}

/** A protected batch without the key identifiers, which stand before the tags and are not covered by them. */
export function withoutIdentifiers(batch: PacketBatch, mkiBytes: number): PacketBatch {
  if (mkiBytes === 0) return batch;
  const { bytes, offsets, lengths, count } = batch;
  const out = Buffer.allocUnsafe(bytes.length - mkiBytes * count);
  const outOffsets = new Uint32Array(count);
  const outLengths = new Uint32Array(count);
  let used = 0;
  for (let i = 0; i < count; i++) {
    const from = offsets[i]!;
    const end = from + lengths[i]!;
    const at = used + FRAME_HEADER_BYTES;
    const tagAt = end - SRTP_TAG_BYTES;
    const copied = bytes.copy(out, at, from, tagAt - mkiBytes);
    bytes.copy(out, at + copied, tagAt, end);
    writeFrameHeader(out, used, bytes[from - FRAME_HEADER_BYTES + 1]!, lengths[i]! - mkiBytes);
    outOffsets[i] = at;
    outLengths[i] = lengths[i]! - mkiBytes;
    used = at + outLengths[i]!;
  }
  return { ...batch, bytes: out, offsets: outOffsets, lengths: outLengths };
}

function writeFrameHeader(out: Buffer, at: number, channel: number, length: number): void {
  out[at] = 0x24;
  out[at + 1] = channel;
  out.writeUInt16BE(length, at + 2);
}
