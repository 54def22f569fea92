export * from './hub/index.js';
export * from './limits/index.js';
export * from './live/index.js';
export { RelayMetrics } from './relay-metrics.js';
export { RelayModule } from './relay.module.js';
export * from './rtsp-server/index.js';
export * from './source/index.js';
