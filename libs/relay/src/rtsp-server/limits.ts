/** Bounds of the RTSP server. Each is answered or acted on as named here; none is a matter of taste for one caller. */

/** Session timeout that is told to clients (`Session: id;timeout=60`) unless another is configured, seconds. RFC 2326 s.12.37. */
export const SESSION_TIMEOUT_SECONDS = 60;
/** A session is reclaimed this long after its timeout, so that a late keep-alive is not punished. */
export const SESSION_GRACE_MS = 10_000;
/** How often expired sessions and idle connections are looked for. */
export const SWEEP_INTERVAL_MS = 5_000;
/** A connection without a session and without a request for this long is closed. */
export const IDLE_CONNECTION_MS = 60_000;
/** A request must be complete within this time of its first byte, else 408. */
export const REQUEST_TIMEOUT_MS = 10_000;
/** Whatever is configured: more connections than this are refused with 503. */
export const MAX_CONNECTIONS = 1_000_000;
/** Sessions that one connection may set up; more are answered 503. */
export const MAX_SESSIONS_PER_CONNECTION = 16;
/** Sessions over UDP whose connection has gone that are kept until their timeout; more are ended with it. */
export const MAX_ORPHANED_SESSIONS = 256;
/** Names that one connection may have for its sessions (`Pipelined-Requests`); further ones are not remembered. */
export const MAX_PIPELINE_IDS = 16;
/** Requests waiting for their turn on one connection; a client that pipelines more is cut. */
export const MAX_PIPELINED_REQUESTS = 64;
/** Unanswered bytes of a connection that may go to another process; with more it stays, and such a request gets a 503. */
export const MAX_PASSED_ON_BYTES = 1024 * 1024;
/** Responses waiting on a client that does not read; above this the connection is closed. */
export const MAX_RESPONSE_QUEUE_BYTES = 8 * 1024 * 1024;
/** Seconds told in Retry-After with a 503. */
export const RETRY_AFTER_SECONDS = 5;
