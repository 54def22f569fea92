import { randomInt } from 'node:crypto';
import { NightjarError } from '@nightjar/common';
import { payloadStartOf, sequenceOf, ssrcOf } from '../rtp-packet.js';
import { SRTP_TAG_BYTES, type SrtpMasterKey } from './master-key.js';
import { MAX_SRTCP_INDEX, MAX_SRTP_INDEX, estimateIndex, rocOf } from './packet-index.js';
import { ReplayWindow } from './replay-window.js';
import { SessionCipher } from './session-cipher.js';

/** Header of RTCP that stays readable, RFC 3711 s.3.4: the first word and the SSRC. */
export const RTCP_CLEAR_BYTES = 8;
/** Flag "encrypted" and index. */
export const SRTCP_INDEX_BYTES = 4;
export const SRTCP_ENCRYPTED = 0x8000_0000;
/** Packets of a group of pictures may be sent again to a new reader; what is older than this may not. */
const SENT_WINDOW = 32_768;
/** Indexes of reports that are left to a key, at least, when its numbering does not begin at 0. */
const FIRST_RTCP_INDEXES = 2 ** 30;

interface Sent {
  /** Highest index of the stream so far. */
  highest: number;
  /** What the present key was used for. */
  window: ReplayWindow;
}

/** Protects what one sender sends under one key (RFC 3711). The numbering of packets is the caller's. */
export class SrtpSender {
  private rtpCipher: SessionCipher;
  private rtcpCipher: SessionCipher;
  private current: SrtpMasterKey;
  private readonly sent = new Map<number, Sent>();
  private readonly roc = Buffer.alloc(4);
  private rtcpIndex = 0;

  /** @throws NightjarError `invalid` for a key that is not of the suite */
  constructor(master: SrtpMasterKey) {
    this.current = master;
    this.rtpCipher = new SessionCipher(master, 'rtp');
    this.rtcpCipher = new SessionCipher(master, 'rtcp');
  }

  get master(): SrtpMasterKey {
    return this.current;
  }

  /** Bytes that an RTP packet grows by. */
  get rtpOverheadBytes(): number {
    return this.current.mki.length + SRTP_TAG_BYTES;
  }

  /** Goes on under another key; rollover counters go on as they were (ONVIF Streaming s.8.2.1.2). */
  rekey(master: SrtpMasterKey): void {
    this.rtpCipher = new SessionCipher(master, 'rtp');
    this.rtcpCipher = new SessionCipher(master, 'rtcp');
    this.current = master;
    for (const stream of this.sent.values()) stream.window = new ReplayWindow(SENT_WINDOW);
  }

  /**
   * A sender of the same packets, as they are numbered now, under another key, for somebody else. Should the key be one
   * that is in use, reports have other indexes all the same.
   */
  fork(master: SrtpMasterKey): SrtpSender {
    const other = new SrtpSender(master);
    for (const [ssrc, { highest }] of this.sent)
      other.sent.set(ssrc, { highest, window: new ReplayWindow(SENT_WINDOW) });
    other.rtcpIndex = randomInt(FIRST_RTCP_INDEXES);
    return other;
  }

  /** Highest index of all its streams, -1 before the first packet. */
  get highestIndex(): number {
    let highest = -1;
    for (const stream of this.sent.values()) highest = Math.max(highest, stream.highest);
    return highest;
  }

  /** Rollover counter that a receiver needs for the packet with this number; 0 before the first packet. */
  rocAt(ssrc: number, sequence?: number): number {
    const highest = this.sent.get(ssrc)?.highest ?? 0;
    return Math.max(0, rocOf(sequence === undefined ? highest : estimateIndex(highest, sequence)));
  }

  /**
   * Writes a valid RTP packet, protected, to `out` at `at`, where {@link rtpOverheadBytes} more than its length must fit.
   * Its key stream is never used twice: a packet whose number was protected before goes without a payload.
   * @returns bytes written
   * @throws NightjarError `exhausted` when the key has protected all that it may
   */
  rtp(buf: Buffer, offset: number, length: number, out: Buffer, at: number): number {
    const ssrc = ssrcOf(buf, offset);
    const sequence = sequenceOf(buf, offset);
    let stream = this.sent.get(ssrc);
    if (stream === undefined) {
      stream = { highest: sequence, window: new ReplayWindow(SENT_WINDOW) };
      this.sent.set(ssrc, stream);
    }
    const { window } = stream;
    const index = estimateIndex(stream.highest, sequence);
    if (index > MAX_SRTP_INDEX) throw exhausted();
    const payloadAt = payloadStartOf(buf, offset) - offset;
    let end = at + length;
    buf.copy(out, at, offset, offset + length);
    if (window.isFresh(index)) {
      window.add(index);
      stream.highest = Math.max(stream.highest, index);
      this.rtpCipher.crypt(out, at + payloadAt, end, ssrc, index);
    } else {
      end = at + payloadAt;
      out[at] = out[at]! & ~PADDING_FLAG;
    }
    this.roc.writeUInt32BE(rocOf(Math.max(index, 0)) % 2 ** 32);
    const { mki } = this.current;
    mki.copy(out, end);
    this.rtpCipher.writeTag(out, at, end, this.roc, out, end + mki.length);
    return end + mki.length + SRTP_TAG_BYTES - at;
  }

  /**
   * A compound RTCP packet, protected, in a buffer of its own (RFC 3711 s.3.4).
   * @throws NightjarError `exhausted` when the key has protected all that it may
   */
  rtcp(packet: Buffer): Buffer {
    if (this.rtcpIndex > MAX_SRTCP_INDEX) throw exhausted();
    const index = this.rtcpIndex++;
    const { mki } = this.current;
    const end = packet.length;
    const out = Buffer.allocUnsafe(end + SRTCP_INDEX_BYTES + mki.length + SRTP_TAG_BYTES);
    packet.copy(out);
    const ssrc = packet.readUInt32BE(4);
    this.rtcpCipher.crypt(out, RTCP_CLEAR_BYTES, end, ssrc, index);
    out.writeUInt32BE((SRTCP_ENCRYPTED | index) >>> 0, end);
    const tagAt = mki.copy(out, end + SRTCP_INDEX_BYTES) + end + SRTCP_INDEX_BYTES;
    this.rtcpCipher.writeTag(out, 0, end + SRTCP_INDEX_BYTES, undefined, out, tagAt);
    return out;
  }
}

const PADDING_FLAG = 0x20;

function exhausted(): NightjarError {
  return new NightjarError('exhausted', 'srtp/key-used-up', 'the SRTP key may protect no more');
}
