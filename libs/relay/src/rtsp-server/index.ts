export * from './authenticator.js';
export * from './mount.js';
export type { RtspServerEvents } from './rtsp-server-events.js';
export { RtspServer, type RtspServerOptions } from './rtsp-server.js';
export type { RtspSession } from './session.js';
