export { planCamera, planVolume } from './plan.js';
export type { CameraPolicy, Plan, PlannedDeletion, RetentionRule } from './plan.js';
export { policiesOf, retentionProcessor } from './retention.js';
export type { RetentionOptions } from './retention.js';
export { nodeRemovalSystem, SegmentRemover } from './segment-remover.js';
export type { RemovalSystem } from './segment-remover.js';
export { RetentionSweep } from './sweep.job.js';
export { sweepVolume } from './sweep.js';
export type { RetentionVolume, SweepOptions } from './sweep.js';
