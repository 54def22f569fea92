/** Shortest start code of ITU-T H.264 / H.265 Annex B; a zero byte before it belongs to the longer form. */
export const START_CODE = Buffer.from([0, 0, 1]);

/** Offset after `bytes` without trailing zeros: a NAL unit cannot end with one (ITU-T H.264 s.7.4.1). */
export function endWithoutZeros(bytes: Uint8Array, start: number, end: number): number {
  let trimmed = end;
  while (trimmed > start && bytes[trimmed - 1] === 0) trimmed -= 1;
  return trimmed;
}

/** NAL units of an Annex B byte stream, as views; bytes before the first start code are one if they are not zero. */
export function splitAnnexB(bytes: Uint8Array): Uint8Array[] {
  const buf = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const nals: Uint8Array[] = [];
  let start = 0;
  while (start < buf.length) {
    const found = buf.indexOf(START_CODE, start);
    const next = found < 0 ? buf.length : found;
    const end = endWithoutZeros(buf, start, next);
    if (end > start) nals.push(bytes.subarray(start, end));
    start = found < 0 ? buf.length : found + START_CODE.length;
  }
  return nals;
}
