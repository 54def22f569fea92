export * from './authenticator.js';
export type { Elsewhere } from './elsewhere.js';
export { RETRY_AFTER_SECONDS } from './limits.js';
export { listenError } from './listen-error.js';
export * from './mount.js';
export { parseResource, type Resource } from './resource.js';
export type { RtspServerEvents } from './rtsp-server-events.js';
export { RtspServer, type RtspServerOptions } from './rtsp-server.js';
export type { RtspSession } from './session.js';
