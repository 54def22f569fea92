import type { ByteWindow } from './byte-window.js';

const START_CODE = Buffer.from([0, 0, 1]);
/** Bytes that are searched at once: a fraction of a millisecond. */
const STRIDE_BYTES = 64 * 1024;

/** Offset of the next start code (ITU-T H.264 annex B, ISO/IEC 13818-2 s.6.2.1); undefined when there is none. */
export async function nextStartCode(window: ByteWindow, from: number): Promise<number | undefined> {
  for (let at = from; at < window.sizeBytes; at += STRIDE_BYTES) {
    const bytes = await window.view(at, STRIDE_BYTES + START_CODE.length - 1);
    const found = bytes.indexOf(START_CODE);
    if (found >= 0) return at + found;
  }
  return undefined;
}
