import { RTP_HEADER_BYTES, payloadStartOf, sequenceOf, ssrcOf } from '../rtp-packet.js';
import { SRTP_TAG_BYTES, type SrtpMasterKey } from './master-key.js';
import { MAX_SRTP_INDEX, estimateIndex, indexOf, rocOf } from './packet-index.js';
import { ReplayWindow } from './replay-window.js';
import { SessionCipher } from './session-cipher.js';
import { RTCP_CLEAR_BYTES, SRTCP_ENCRYPTED, SRTCP_INDEX_BYTES } from './srtp-sender.js';

const VERSION = 2;
/** More than the reordering of any path; RFC 3711 s.3.3.2 asks for 64. */
const WINDOW = 1024;
const RTCP_WINDOW = 128;
/** Sources that send under one key at a time. Only who has the key makes one known. */
const MAX_SOURCES = 16;
/** The present key, and those before it that packets on their way may still use. */
const MAX_KEYS = 3;

/** Why packets were refused; the numbers only rise. */
export interface SrtpRefusals {
  /** Not SRTP, or under a key that is not known. */
  malformed: number;
  /** The tag does not fit: altered, forged, or the wrong key. */
  authentication: number;
  /** Seen before, or too old to tell. */
  replayed: number;
}

interface SessionKeys {
  readonly mki: Buffer;
  readonly rtp: SessionCipher;
  readonly rtcp: SessionCipher;
}

/** Checks and decrypts what one peer sends, in place (RFC 3711). Never throws for what it is given to decrypt. */
export class SrtpReceiver {
  readonly refused: SrtpRefusals = { malformed: 0, authentication: 0, replayed: 0 };
  private keys: SessionKeys[];
  private readonly rtpSeen = new Map<number, ReplayWindow>();
  private readonly rtcpSeen = new Map<number, ReplayWindow>();
  private readonly roc = Buffer.alloc(4);

  /**
   * @param rocs rollover counters, by SSRC, of streams that are under way
   * @throws NightjarError `invalid` for a key that is not of the suite
   */
  constructor(
    master: SrtpMasterKey,
    private readonly rocs: ReadonlyMap<number, number> = new Map(),
  ) {
    this.keys = [sessionKeysOf(master)];
  }

  /** Takes packets under another key too, which has an identifier of the same length. */
  rekey(master: SrtpMasterKey): void {
    const fresh = sessionKeysOf(master);
    const others = this.keys.filter(({ mki }) => mki.length > 0 && !mki.equals(fresh.mki));
    this.keys = [fresh, ...others].slice(0, MAX_KEYS);
  }

  /** Decrypts one RTP packet. @returns its length without what SRTP added, or 0 when it is refused and counted */
  rtp(buf: Buffer, offset: number, length: number): number {
    const keys = this.keyOf(buf, offset + length - SRTP_TAG_BYTES, length);
    const end = keys === undefined ? 0 : offset + length - SRTP_TAG_BYTES - keys.mki.length;
    if (keys === undefined || !hasRtpHeader(buf, offset, end - offset)) return this.malformed();
    const ssrc = ssrcOf(buf, offset);
    const window = this.rtpSeen.get(ssrc);
    const index = this.authenticatedIndex(keys, buf, offset, end, ssrc, window);
    if (index === undefined) return 0;
    seen(this.rtpSeen, ssrc, window, WINDOW).add(index);
    keys.rtp.crypt(buf, payloadStartOf(buf, offset), end, ssrc, index);
    return end - offset;
  }

  /** Decrypts one compound RTCP packet. @returns its length without what SRTP added, or 0 when it is refused and counted */
  rtcp(buf: Buffer, offset: number, length: number): number {
    const keys = this.keyOf(buf, offset + length - SRTP_TAG_BYTES, length);
    if (keys === undefined) return this.malformed();
    const end = offset + length - SRTP_TAG_BYTES - keys.mki.length;
    const packetEnd = end - SRTCP_INDEX_BYTES;
    if (packetEnd - offset < RTCP_CLEAR_BYTES || buf[offset]! >> 6 !== VERSION)
      return this.malformed();
    const word = buf.readUInt32BE(packetEnd);
    const index = word % SRTCP_ENCRYPTED;
    const ssrc = buf.readUInt32BE(offset + 4);
    const window = this.rtcpSeen.get(ssrc);
    if (window !== undefined && !window.isFresh(index)) return this.replayed();
    if (!keys.rtcp.verifies(buf, offset, end, undefined, offset + length - SRTP_TAG_BYTES))
      return this.forged();
    seen(this.rtcpSeen, ssrc, window, RTCP_WINDOW).add(index);
    if (word >= SRTCP_ENCRYPTED)
      keys.rtcp.crypt(buf, offset + RTCP_CLEAR_BYTES, packetEnd, ssrc, index);
    return packetEnd - offset;
  }

  private authenticatedIndex(
    keys: SessionKeys,
    buf: Buffer,
    offset: number,
    end: number,
    ssrc: number,
    window: ReplayWindow | undefined,
  ): number | undefined {
    const sequence = sequenceOf(buf, offset);
    const tagAt = end + keys.mki.length;
    const guesses =
      window === undefined
        ? this.firstIndexes(ssrc, sequence)
        : [estimateIndex(window.highest, sequence)];
    for (const index of guesses) {
      if (index < 0 || index > MAX_SRTP_INDEX || window?.isFresh(index) === false) {
        this.replayed();
        return undefined;
      }
      this.roc.writeUInt32BE(rocOf(index));
      if (keys.rtp.verifies(buf, offset, end, this.roc, tagAt)) return index;
    }
    this.forged();
    return undefined;
  }

  /** The counter may have moved on between being told and the first packet, which may also be one of the cache before it. */
  private firstIndexes(ssrc: number, sequence: number): number[] {
    const roc = this.rocs.get(ssrc) ?? 0;
    const near = roc === 0 ? [roc, roc + 1] : [roc, roc + 1, roc - 1];
    return near.map((one) => indexOf(one, sequence));
  }

  private keyOf(buf: Buffer, tagAt: number, length: number): SessionKeys | undefined {
    const { keys } = this;
    const [first] = keys;
    if (first === undefined || length < SRTP_TAG_BYTES + first.mki.length) return undefined;
    for (const key of keys) {
      const { mki } = key;
      if (mki.length === 0) return key;
      if (
        length >= SRTP_TAG_BYTES + mki.length &&
        mki.equals(buf.subarray(tagAt - mki.length, tagAt))
      )
        return key;
    }
    return undefined;
  }

  private malformed(): 0 {
    this.refused.malformed += 1;
    return 0;
  }

  private forged(): 0 {
    this.refused.authentication += 1;
    return 0;
  }

  private replayed(): 0 {
    this.refused.replayed += 1;
    return 0;
  }
}

function sessionKeysOf(master: SrtpMasterKey): SessionKeys {
  return {
    mki: master.mki,
    rtp: new SessionCipher(master, 'rtp'),
    rtcp: new SessionCipher(master, 'rtcp'),
  };
}

function seen(
  windows: Map<number, ReplayWindow>,
  ssrc: number,
  known: ReplayWindow | undefined,
  size: number,
): ReplayWindow {
  if (known !== undefined) return known;
  if (windows.size >= MAX_SOURCES)
    for (const oldest of windows.keys()) if (windows.delete(oldest)) break;
  const window = new ReplayWindow(size);
  windows.set(ssrc, window);
  return window;
}

/** Whether the header, which is not encrypted, is whole. Padding is encrypted and judged afterwards. */
function hasRtpHeader(buf: Buffer, offset: number, length: number): boolean {
  if (length < RTP_HEADER_BYTES || offset + length > buf.length) return false;
  const first = buf[offset]!;
  if (first >> 6 !== VERSION) return false;
  const extensionAt = RTP_HEADER_BYTES + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0 && extensionAt + 4 > length) return false;
  return payloadStartOf(buf, offset) - offset <= length;
}
