import { NightjarError } from '@nightjar/common';
import { unixMsOfNtp } from './ntp.js';
import { REPORT_BLOCK_BYTES, RTCP_TYPE, SDES_CNAME, SDES_NOTE } from './report.js';
import type { ReportBlock, RtcpItem } from './report.js';

const HEADER_BYTES = 4;
const PADDING_FLAG = 0x20;
const SENDER_INFO_BYTES = 24;

/**
 * Packets of one compound RTCP packet, in order (RFC 3550 s.6.1). The rule that a compound starts with SR or RR is
 * not checked: cameras break it. Profile extensions behind the report blocks are skipped.
 *
 * @throws NightjarError `protocol`, `rtp/rtcp-*`: a length leaves the range, or a packet is shorter than its counts.
 */
export function decodeRtcp(buf: Buffer, offset: number, length: number): RtcpItem[] {
  if (offset < 0 || length < 0 || offset + length > buf.length) {
    throw defect('rtp/rtcp-range', 'RTCP range leaves its buffer', offset);
  }
  const end = offset + length;
  const items: RtcpItem[] = [];
  let position = offset;
  while (position < end) {
    if (end - position < HEADER_BYTES) {
      throw defect('rtp/rtcp-short', 'RTCP header needs 4 bytes', position - offset);
    }
    const first = buf[position] ?? 0;
    if (first >> 6 !== 2) throw defect('rtp/rtcp-version', 'not RTCP version 2', position - offset);
    const next = position + HEADER_BYTES + buf.readUInt16BE(position + 2) * 4;
    if (next > end) {
      throw defect('rtp/rtcp-length', 'RTCP packet is longer than its datagram', position - offset);
    }
    const padding = (first & PADDING_FLAG) === 0 ? 0 : (buf[next - 1] ?? 0);
    const bodyEnd = next - padding;
    if (bodyEnd < position + HEADER_BYTES) {
      throw defect('rtp/rtcp-padding', 'RTCP padding is longer than its packet', position - offset);
    }
    decodePacket(buf, position, bodyEnd, first & 0x1f, items);
    position = next;
  }
  return items;
}

function decodePacket(
  buf: Buffer,
  position: number,
  end: number,
  count: number,
  items: RtcpItem[],
): void {
  const payloadType = buf[position + 1] ?? 0;
  const body = position + HEADER_BYTES;
  switch (payloadType) {
    case RTCP_TYPE.sr:
      need(body + SENDER_INFO_BYTES, end, position);
      items.push({
        type: 'sr',
        ssrc: buf.readUInt32BE(body),
        ntpMs: unixMsOfNtp(buf.readUInt32BE(body + 4), buf.readUInt32BE(body + 8)),
        rtpTimestamp: buf.readUInt32BE(body + 12),
        packets: buf.readUInt32BE(body + 16),
        octets: buf.readUInt32BE(body + 20),
        reports: decodeReports(buf, body + SENDER_INFO_BYTES, end, count),
      });
      return;
    case RTCP_TYPE.rr:
      need(body + 4, end, position);
      items.push({
        type: 'rr',
        ssrc: buf.readUInt32BE(body),
        reports: decodeReports(buf, body + 4, end, count),
      });
      return;
    case RTCP_TYPE.sdes:
      decodeSdes(buf, body, end, count, items);
      return;
    case RTCP_TYPE.bye: {
      need(body + count * 4, end, position);
      const ssrcs = Array.from({ length: count }, (_, i) => buf.readUInt32BE(body + i * 4));
      items.push({ type: 'bye', ssrcs });
      return;
    }
    default:
      items.push({ type: 'other', payloadType });
  }
}

function decodeReports(buf: Buffer, start: number, end: number, count: number): ReportBlock[] {
  need(start + count * REPORT_BLOCK_BYTES, end, start);
  return Array.from({ length: count }, (_, i) => {
    const at = start + i * REPORT_BLOCK_BYTES;
    return {
      ssrc: buf.readUInt32BE(at),
      fractionLost: buf[at + 4] ?? 0,
      cumulativeLost: buf.readIntBE(at + 5, 3),
      highestSequence: buf.readUInt32BE(at + 8),
      jitterTicks: buf.readUInt32BE(at + 12),
      lastSenderReport: buf.readUInt32BE(at + 16),
      delaySinceLastSenderReport: buf.readUInt32BE(at + 20),
    };
  });
}

/** Chunks: SSRC, items (type, length, text), a zero byte, zeros up to the next multiple of 4 (RFC 3550 s.6.5). */
function decodeSdes(
  buf: Buffer,
  start: number,
  end: number,
  count: number,
  items: RtcpItem[],
): void {
  let position = start;
  for (let chunk = 0; chunk < count; chunk += 1) {
    need(position + 4, end, start);
    const ssrc = buf.readUInt32BE(position);
    position += 4;
    let cname: string | undefined;
    let note: string | undefined;
    while (position < end && buf[position] !== 0) {
      need(position + 2, end, start);
      const textEnd = position + 2 + (buf[position + 1] ?? 0);
      need(textEnd, end, start);
      const text = (): string => buf.toString('utf8', position + 2, textEnd);
      if (buf[position] === SDES_CNAME) cname = text();
      else if (buf[position] === SDES_NOTE) note = text();
      position = textEnd;
    }
    if (cname !== undefined)
      items.push({ type: 'sdes', ssrc, cname, ...(note === undefined ? {} : { note }) });
    position += 4 - ((position - start) % 4);
  }
}

function need(until: number, end: number, position: number): void {
  if (until > end)
    throw defect('rtp/rtcp-truncated', 'RTCP packet is shorter than its counts', position);
}

function defect(code: `rtp/${string}`, message: string, byteOffset: number): NightjarError {
  return new NightjarError('protocol', code, message, { byteOffset });
}
