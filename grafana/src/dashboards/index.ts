import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { camera } from './camera.js';
import { jobs } from './jobs.js';
import { overview } from './overview.js';
import { processes } from './process.js';
import { relay } from './relay.js';
import { storage } from './storage.js';

/** All dashboards by the name of their file. */
export const DASHBOARDS: Readonly<Record<string, Dashboard>> = {
  overview,
  camera,
  relay,
  storage,
  jobs,
  process: processes,
};
