export * from './client-output.js';
export * from './client-session.js';
export type { Credentials } from './exchange.js';
export type { TrackKeys } from './track-keys.js';
export type { LowerTransport } from './handshake-context.js';
export { DEFAULT_SESSION_POLICY, type SessionPolicy } from './session-policy.js';
export { redirectTarget } from './redirect.js';
export type { Carriage, MulticastGroup, PortPair } from './track-transport.js';
