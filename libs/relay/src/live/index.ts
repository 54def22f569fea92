export { LiveMount, type LiveMountOptions } from './live-mount.js';
export { LiveResolver, type LiveResolverOptions } from './live-resolver.js';
export { Relay, type RelayOptions } from './relay.js';
export type { StreamEvent } from './ongoing-event.js';
export type { RelayStream } from './relay-stream.js';
export { DEFAULT_STREAM, namedStream } from './stream-name.js';
