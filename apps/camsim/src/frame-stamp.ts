/**
 * Frame stamp: an SEI message `user_data_unregistered` (ISO/IEC 14496-10 and 23008-2, Annex D.1.6 / D.2.6; payload type 5)
 * in each access unit of a synthetic camera, so that whoever receives it can tell which frame it is and how old.
 *
 * ```
 *  0                16               32               48
 *  +----------------+----------------+----------------+
 *  | UUID, 16 bytes | frame number   | send time      |
 *  +----------------+----------------+----------------+
 * ```
 * Frame number (since the camera's boot) and send time (nanoseconds of CLOCK_MONOTONIC, `process.hrtime.bigint()`, the same
 * clock in every process of a Linux machine) are 16 lower-case hexadecimal ASCII digits each: no zero byte ever, hence no
 * emulation prevention, and the message can be rewritten in place inside a packet.
 */
export interface FrameStamp {
  readonly frame: number;
  readonly sentNs: bigint;
}

const UUID = Buffer.from('5b1e7c3a9d424f86a1d76c2f93e8b54d', 'hex');
const DIGITS = 16;

/** Length of the message payload, in bytes. */
export const FRAME_STAMP_BYTES = 16 + 2 * DIGITS;

/** Payload of a stamp to be filled in later by {@link writeFrameStamp}. */
export function blankFrameStamp(): Buffer {
  return Buffer.concat([UUID, Buffer.alloc(2 * DIGITS, '0')]);
}

/** Offset of the stamp (its UUID) in `bytes`, -1 if there is none. */
export function findFrameStamp(bytes: Buffer): number {
  return bytes.indexOf(UUID);
}

/** Fills in the stamp at `offset`, as {@link findFrameStamp} gave it. */
export function writeFrameStamp(bytes: Buffer, offset: number, stamp: FrameStamp): void {
  const digits =
    stamp.frame.toString(16).padStart(DIGITS, '0') +
    stamp.sentNs.toString(16).padStart(DIGITS, '0');
  bytes.write(digits, offset + UUID.length, 2 * DIGITS, 'latin1');
}

/** The first stamp in `bytes` (an RTP packet, an access unit or a piece of a file), if there is a whole one. */
export function readFrameStamp(bytes: Buffer): FrameStamp | undefined {
  const offset = findFrameStamp(bytes);
  if (offset < 0 || offset + FRAME_STAMP_BYTES > bytes.length) return undefined;
  const text = bytes.toString('latin1', offset + UUID.length, offset + FRAME_STAMP_BYTES);
  if (!/^[0-9a-f]{32}$/.test(text)) return undefined;
  return {
    frame: Number.parseInt(text.slice(0, DIGITS), 16),
    sentNs: BigInt(`0x${text.slice(DIGITS)}`),
  };
}
