import { CreateCatalog } from './0001-create-catalog.js';
import { CreateLedger } from './0002-create-ledger.js';
import { CreateEvents } from './0003-create-events.js';
import { CreateRetention } from './0004-create-retention.js';
import { Integrity } from './0005-integrity.js';
import { VolumeHealth } from './0006-volume-health.js';
import { CreateExport } from './0007-create-export.js';
import { IndexOpenRuns } from './0008-index-open-runs.js';
import { CreateDevice } from './0009-create-device.js';
import { CreateAudit } from './0010-create-audit.js';

/** In order; a new one is appended, a released one never changes. */
export const MIGRATIONS = [
  CreateCatalog,
  CreateLedger,
  CreateEvents,
  CreateRetention,
  Integrity,
  VolumeHealth,
  CreateExport,
  IndexOpenRuns,
  CreateDevice,
  CreateAudit,
];
