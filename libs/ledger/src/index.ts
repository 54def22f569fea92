export { CompletenessRollUp } from './roll-up.job.js';
export { rollUpProcessor } from './roll-up.js';
export type { RollUpOptions } from './roll-up.js';
