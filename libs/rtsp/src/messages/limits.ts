/** What one RTSP peer may send before it is refused. Byte counts are on the wire. */
export const LIMITS = {
  /** Start line and all headers of one message. */
  headerBlockBytes: 16 * 1024,
  /** Header lines of one message, folded lines counted one by one. */
  headers: 64,
  /** One line, without its line feed. */
  lineBytes: 8 * 1024,
  /** Message body; an SDP of more is not one of a camera. */
  bodyBytes: 128 * 1024,
  /** Request-URI. */
  uriBytes: 2048,
} as const;
