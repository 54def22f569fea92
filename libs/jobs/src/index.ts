export type { JobsBackend, OnBackendError } from './backend.js';
export { defineJob } from './contract.js';
export type { AnyJobContract, JobContract, JobOptions, QueuePace } from './contract.js';
export { defineFlow } from './flow.js';
export type { FlowContract } from './flow.js';
export { checkCoverage, processorOf } from './job-processor.js';
export type { JobContext, JobProcessor } from './job-processor.js';
export { JobQueue } from './job-queue.js';
export type { EnqueueOptions, Recurrence } from './job-queue.js';
export { JOB_STATES } from './job-desk.js';
export type { Dismissal, JobCounts, JobDesk, JobState, JobView } from './job-desk.js';
export type { JobProgress } from './progress.js';
export { JobWorker } from './job-worker.js';
export type { JobListener, JobResult, JobTiming } from './job-worker.js';
export { createJobsBackend } from './create-backend.js';
export { createPostgresBackend } from './postgres-backend.js';
export { createRedisBackend } from './redis-backend.js';
// The data of a job is described with zod; whoever declares a job takes it from here.
export { z } from 'zod';
