import { sequenceDelta } from '../serial.js';

const SEQUENCES = 0x1_0000;
/** Packets of one SSRC that one key may protect, RFC 3711 s.9.2. */
export const MAX_SRTP_INDEX = 2 ** 48 - 1;
export const MAX_SRTCP_INDEX = 2 ** 31 - 1;

/**
 * Index of the packet with this sequence number: rollover counter times 2^16 plus the number, nearest to the highest index
 * known (RFC 3711 s.3.3.1). Negative for a number from before the first wrap.
 */
export function estimateIndex(highest: number, sequence: number): number {
  return highest + sequenceDelta(highest % SEQUENCES, sequence);
}

/** Index from a rollover counter and a sequence number. */
export function indexOf(roc: number, sequence: number): number {
  return roc * SEQUENCES + sequence;
}

/** Rollover counter of an index. */
export function rocOf(index: number): number {
  return Math.floor(index / SEQUENCES);
}
