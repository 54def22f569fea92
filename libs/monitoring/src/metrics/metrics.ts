import { camerasMetrics } from './cameras.js';
import { discoveryMetrics } from './discovery.js';
import { jobsMetrics } from './jobs.js';
import { processMetrics } from './process.js';
import { readersMetrics } from './readers.js';
import { recordingMetrics } from './recording.js';
import { retentionMetrics } from './retention.js';
import { serverMetrics } from './server.js';
import { storageMetrics } from './storage.js';

/** All metrics by subsystem, in the order of docs/ref/metrics.md. */
export const SUBSYSTEMS = [
  { title: 'Sources: what comes from cameras and publishers', metrics: camerasMetrics },
  { title: 'Devices in the network', metrics: discoveryMetrics },
  { title: 'Readers: what goes to players', metrics: readersMetrics },
  { title: 'Requests and limits', metrics: serverMetrics },
  { title: 'Recording', metrics: recordingMetrics },
  { title: 'Volumes', metrics: storageMetrics },
  { title: 'Retention', metrics: retentionMetrics },
  { title: 'Database, catalog and jobs', metrics: jobsMetrics },
  { title: 'Every process', metrics: processMetrics },
] as const;

/**
 * All metrics. A field is the metric's name in camel case without `nightjar_` and `_total`. Labels are those of
 * {@link LABELS}, whose values are few.
 */
export const metrics = {
  ...camerasMetrics,
  ...discoveryMetrics,
  ...readersMetrics,
  ...serverMetrics,
  ...recordingMetrics,
  ...storageMetrics,
  ...retentionMetrics,
  ...jobsMetrics,
  ...processMetrics,
} as const;
