const CSEQ = /^\s*(\d{1,10})\s*$/;

/** Sequence number of a request or response, undefined when it is not one. RFC 2326 s.12.17. */
export function parseCSeq(value: string): number | undefined {
  const digits = CSEQ.exec(value)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
