export { applyConfiguration } from './apply.js';
export { planConfiguration } from './plan.js';
export { linesOf } from './show-plan.js';
