export { ProcessLoad } from './process-load.js';
export { ServerLimits, type LimitName, type ServerLimitsOptions } from './server-limits.js';
export { Slots } from './slots.js';
export { StreamRates } from './stream-rates.js';
