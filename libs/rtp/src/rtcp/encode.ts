import { NightjarError } from '@nightjar/common';
import { writeNtp } from './ntp.js';
import { REPORT_BLOCK_BYTES, RTCP_TYPE, SDES_CNAME, SDES_NOTE } from './report.js';
import type { ReportBlock } from './report.js';

const SENDER_REPORT_BYTES = 28;
const RECEIVER_REPORT_BYTES = 8;
const BYE_BYTES = 8;
const MAX_REPORTS = 31;
/** Text of an SDES item (RFC 3550 s.6.5). */
const MAX_ITEM_BYTES = 255;

/** Where a sender stands: its wall clock and RTP clock at one instant, and what it sent so far. */
export interface SenderState {
  /** Unix epoch in ms; NaN writes a zero NTP time. */
  readonly wallMs: number;
  /** RTP timestamp of the same instant, taken modulo 2^32. */
  readonly rtpTimestamp: number;
  /** RTP packets sent, taken modulo 2^32. */
  readonly packets: number;
  /** Payload bytes sent, taken modulo 2^32. */
  readonly octets: number;
}

/** Compound packet SR + SDES (RFC 3550 s.6.4.1, s.6.5). @throws NightjarError `invalid` for a CNAME over 255 bytes. */
export function encodeSenderReport(
  x: SenderState & { readonly ssrc: number; readonly cname: string },
): Buffer {
  return Buffer.concat([senderReport(x.ssrc, x), sourceDescription(x.ssrc, x.cname)]);
}

/** Compound packet RR + SDES (RFC 3550 s.6.4.2). @throws NightjarError `invalid` for over 31 reports or a long CNAME. */
export function encodeReceiverReport(x: {
  readonly ssrc: number;
  readonly cname: string;
  readonly reports: readonly ReportBlock[];
}): Buffer {
  return Buffer.concat([receiverReport(x.ssrc, x.reports), sourceDescription(x.ssrc, x.cname)]);
}

/**
 * Compound packet RR + SDES that says how a source is just now (RFC 3550 s.6.5.7, NOTE); to be repeated while it holds.
 * @throws NightjarError `invalid` for a CNAME over 255 bytes
 */
export function encodeNote(x: {
  readonly ssrc: number;
  readonly cname: string;
  /** The first 255 bytes are told. */
  readonly note: string;
}): Buffer {
  return Buffer.concat([receiverReport(x.ssrc, []), sourceDescription(x.ssrc, x.cname, x.note)]);
}

/** Compound packet SR or RR + SDES + BYE (RFC 3550 s.6.6); SR when `sender` is given. */
export function encodeBye(x: {
  readonly ssrc: number;
  readonly cname: string;
  readonly sender?: SenderState;
}): Buffer {
  const report = x.sender ? senderReport(x.ssrc, x.sender) : receiverReport(x.ssrc, []);
  const bye = packet(RTCP_TYPE.bye, 1, BYE_BYTES);
  bye.writeUInt32BE(x.ssrc >>> 0, 4);
  return Buffer.concat([report, sourceDescription(x.ssrc, x.cname), bye]);
}

function senderReport(ssrc: number, sender: SenderState): Buffer {
  const sr = packet(RTCP_TYPE.sr, 0, SENDER_REPORT_BYTES);
  sr.writeUInt32BE(ssrc >>> 0, 4);
  writeNtp(sr, 8, sender.wallMs);
  sr.writeUInt32BE(sender.rtpTimestamp >>> 0, 16);
  sr.writeUInt32BE(sender.packets >>> 0, 20);
  sr.writeUInt32BE(sender.octets >>> 0, 24);
  return sr;
}

function receiverReport(ssrc: number, reports: readonly ReportBlock[]): Buffer {
  if (reports.length > MAX_REPORTS) {
    throw new NightjarError('invalid', 'rtp/rtcp-reports', 'at most 31 reports fit one packet', {
      reports: reports.length,
    });
  }
  const bytes = RECEIVER_REPORT_BYTES + reports.length * REPORT_BLOCK_BYTES;
  const rr = packet(RTCP_TYPE.rr, reports.length, bytes);
  rr.writeUInt32BE(ssrc >>> 0, 4);
  reports.forEach((report, i) => {
    const at = RECEIVER_REPORT_BYTES + i * REPORT_BLOCK_BYTES;
    rr.writeUInt32BE(report.ssrc >>> 0, at);
    rr.writeUInt8(report.fractionLost & 0xff, at + 4);
    rr.writeUIntBE(report.cumulativeLost & 0xff_ffff, at + 5, 3);
    rr.writeUInt32BE(report.highestSequence >>> 0, at + 8);
    rr.writeUInt32BE(report.jitterTicks >>> 0, at + 12);
    rr.writeUInt32BE(report.lastSenderReport >>> 0, at + 16);
    rr.writeUInt32BE(report.delaySinceLastSenderReport >>> 0, at + 20);
  });
  return rr;
}

/** @param note undefined: only the CNAME; one that is too long is cut off */
function sourceDescription(ssrc: number, cname: string, note?: string): Buffer {
  const text = Buffer.from(cname, 'utf8');
  if (text.length > MAX_ITEM_BYTES) {
    throw new NightjarError('invalid', 'rtp/cname-long', 'a CNAME has at most 255 bytes', {
      bytes: text.length,
    });
  }
  const items = [item(SDES_CNAME, text)];
  if (note !== undefined)
    items.push(item(SDES_NOTE, Buffer.from(note, 'utf8').subarray(0, MAX_ITEM_BYTES)));
  const body = Buffer.concat(items);
  // Header, SSRC and items, then at least one zero byte up to a multiple of 4.
  const unpadded = 4 + 4 + body.length;
  const sdes = packet(RTCP_TYPE.sdes, 1, unpadded + 4 - (unpadded % 4));
  sdes.writeUInt32BE(ssrc >>> 0, 4);
  sdes.set(body, 8);
  return sdes;
}

function item(type: number, text: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, text.length]), text]);
}

function packet(type: number, count: number, bytes: number): Buffer {
  const buf = Buffer.alloc(bytes);
  buf[0] = 0x80 | count;
  buf[1] = type;
  buf.writeUInt16BE(bytes / 4 - 1, 2);
  return buf;
}
