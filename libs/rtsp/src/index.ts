export * from './messages/index.js';
export * from './headers/index.js';
export * from './sdp/index.js';
export * from './auth/index.js';
export * from './client/index.js';
export * from './server/index.js';
export * from './mikey/index.js';
export * from './tunnel/index.js';
export { TOLERATED_SIGNALLING, type SignallingTolerance } from './tolerated.js';
