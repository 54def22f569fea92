/** NAL unit types of H.264 (ITU-T H.264 table 7-1) and its RTP payload format (RFC 6184 table 1). */
export const H264 = {
  headerBytes: 1,
  firstVcl: 1,
  idr: 5,
  sei: 6,
  sps: 7,
  pps: 8,
  aud: 9,
  filler: 12,
  lastCoded: 23,
  stapA: 24,
  fuA: 28,
} as const;

/** NAL unit types of H.265 (ITU-T H.265 table 7-1) and its RTP payload format (RFC 7798 s.4.4). */
export const H265 = {
  headerBytes: 2,
  firstIrap: 16,
  lastIrap: 21,
  lastVcl: 31,
  vps: 32,
  sps: 33,
  pps: 34,
  aud: 35,
  filler: 38,
  prefixSei: 39,
  lastCoded: 40,
  ap: 48,
  fu: 49,
} as const;
