export * from './authenticator.js';
export * from './mount.js';
export { RtspServer, type RtspServerEvents, type RtspServerOptions } from './rtsp-server.js';
export type { RtspSession } from './session.js';
