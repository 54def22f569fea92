import { counter, gauge, histogram } from './declare.js';

const QUERY_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60];
const JOB_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900];

/** The catalog and the job queue. */
export const jobsMetrics = {
  databaseUp: gauge(
    'database_up',
    'Whether the database answers a role that needs it (1) or not (0).',
  ),
  databaseQueryDurationSeconds: histogram(
    'database_query_duration_seconds',
    'Time of a query or transaction at the catalog, waiting for a connection included.',
    QUERY_SECONDS,
  ),
  catalogLagBytes: gauge(
    'catalog_lag_bytes',
    "Bytes of a volume's journal that the catalog has not read yet.",
    ['volume'],
  ),
  catalogSegments: counter('catalog_segments_total', 'Segments entered into the catalog.'),
  jobs: counter('jobs_total', 'Jobs ended, by result.', ['job_name', 'result']),
  queueJobs: gauge('queue_jobs', 'Jobs in a queue, by state; `failed` are dead letters.', [
    'queue',
    'state',
  ]),
  queueOldestWaitingSeconds: gauge(
    'queue_oldest_waiting_seconds',
    'How long the job that waits longest has waited; 0 if none waits.',
    ['queue'],
  ),
  jobDurationSeconds: histogram('job_duration_seconds', 'Time a job took.', JOB_SECONDS, [
    'job_name',
  ]),
} as const;
