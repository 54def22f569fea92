export { approve } from './approve.js';
export { addHold, listHolds, releaseHold } from './holds.js';
export { showPlan } from './plan.js';
export { showStatus } from './status.js';
export { showWhy } from './why.js';
