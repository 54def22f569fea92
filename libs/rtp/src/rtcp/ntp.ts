/** NTP counts from 1900-01-01, Unix from 1970-01-01. */
const NTP_TO_UNIX_SECONDS = 2_208_988_800;
const UINT32 = 2 ** 32;
/** RFC 4330 s.3: with this bit clear the time is in the era that begins in 2036. */
const ERA_BIT = 0x8000_0000;

/** 64-bit NTP time as two 32-bit halves to Unix ms; NaN for zero, which means "no clock" (RFC 3550 s.6.4.1). */
export function unixMsOfNtp(seconds: number, fraction: number): number {
  if (seconds === 0 && fraction === 0) return Number.NaN;
  const eraSeconds = seconds >= ERA_BIT ? seconds : seconds + UINT32;
  return (eraSeconds - NTP_TO_UNIX_SECONDS) * 1000 + (fraction * 1000) / UINT32;
}

/** Writes Unix ms as a 64-bit NTP time; NaN as zero. */
export function writeNtp(buf: Buffer, offset: number, unixMs: number): void {
  const wholeSeconds = Number.isNaN(unixMs) ? 0 : Math.floor(unixMs / 1000);
  const fraction = Number.isNaN(unixMs) ? 0 : ((unixMs - wholeSeconds * 1000) / 1000) * UINT32;
  const seconds = Number.isNaN(unixMs) ? 0 : wholeSeconds + NTP_TO_UNIX_SECONDS;
  buf.writeUInt32BE(seconds >>> 0, offset);
  buf.writeUInt32BE(Math.floor(fraction) >>> 0, offset + 4);
}

/** Middle 32 bits of the NTP time, the form of LSR (RFC 3550 s.6.4.1); 0 for NaN. */
export function middleNtpBits(unixMs: number): number {
  if (Number.isNaN(unixMs)) return 0;
  const units = Math.floor((unixMs / 1000 + NTP_TO_UNIX_SECONDS) * 65_536);
  return ((units % UINT32) + UINT32) % UINT32;
}
