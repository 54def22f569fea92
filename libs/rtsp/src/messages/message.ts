import type { RtspHeaders } from './headers.js';

export const RTSP_1_0 = 'RTSP/1.0';
export const RTSP_2_0 = 'RTSP/2.0';

/** Those that are spoken here. */
export type RtspVersion = typeof RTSP_1_0 | typeof RTSP_2_0;

export function isRtspVersion(version: string): version is RtspVersion {
  return version === RTSP_1_0 || version === RTSP_2_0;
}

/** RFC 2326 s.6. */
export interface RtspRequest {
  readonly kind: 'request';
  /** Case-sensitive token. */
  readonly method: string;
  /** As sent: absolute, `*` or a path. */
  readonly uri: string;
  /** `RTSP/` and two numbers; not necessarily one that is spoken here ({@link isRtspVersion}). */
  readonly version: string;
  readonly headers: RtspHeaders;
  /** A copy of its own, empty when there is none. */
  readonly body: Buffer;
}

/** RFC 2326 s.7. */
export interface RtspResponse {
  readonly kind: 'response';
  readonly version: string;
  /** 100-599. */
  readonly status: number;
  readonly reason: string;
  readonly headers: RtspHeaders;
  /** A copy of its own, empty when there is none. */
  readonly body: Buffer;
}
