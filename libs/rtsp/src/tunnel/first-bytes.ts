/** Content type `handshake` of a TLS record. RFC 8446 s.5.1. */
const TLS_HANDSHAKE = 0x16;
/** Methods of HTTP that RTSP has not; its own ones may begin with the same letters (`GET_PARAMETER`). */
const HTTP_METHODS = ['GET ', 'POST ', 'HEAD ', 'PUT ', 'DELETE ', 'PATCH '] as const;

/** How the header of the PROXY protocol, version 2, begins: nothing else that comes here has these bytes. */
const PROXY = Buffer.from('\r\n\r\n\0', 'latin1');

/** What the other side speaks on a connection; `more`: what has come does not tell yet. */
export type Protocol = 'tls' | 'http' | 'rtsp' | 'proxy' | 'more';

/**
 * Tells by its first bytes what a connection carries, on a port that takes all of it. Whatever is none of
 * the others is RTSP's to answer.
 */
export function protocolOf(bytes: Buffer): Protocol {
  if (bytes[0] === TLS_HANDSHAKE) return 'tls';
  const begun = bytes.subarray(0, PROXY.length);
  if (PROXY.subarray(0, begun.length).equals(begun))
    return begun.length === PROXY.length ? 'proxy' : 'more';
  for (const method of HTTP_METHODS) {
    const length = Math.min(method.length, bytes.length);
    if (bytes.toString('latin1', 0, length) !== method.slice(0, length)) continue;
    return length === method.length ? 'http' : 'more';
  }
  return 'rtsp';
}
