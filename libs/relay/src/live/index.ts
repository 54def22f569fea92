export { LiveMount, type LiveMountOptions } from './live-mount.js';
export { DEFAULT_STREAM, LiveResolver, type LiveResolverOptions } from './live-resolver.js';
export { Relay, type RelayOptions, type RelayStream } from './relay.js';
