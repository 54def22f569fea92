export { ClientBook } from './client-book.js';
export { ProcessLoad } from './process-load.js';
export {
  limitOf,
  ServerLimits,
  type LimitName,
  type ServerLimitsOptions,
} from './server-limits.js';
export { SilentConnections, type SilentEnd } from './silent-connections.js';
export { CameraSlots } from './camera-slots.js';
export { StreamRates } from './stream-rates.js';
