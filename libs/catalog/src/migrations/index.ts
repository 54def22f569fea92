import { CreateCatalog } from './0001-create-catalog.js';
import { CreateLedger } from './0002-create-ledger.js';
import { Integrity } from './0005-integrity.js';

/** In order; a new one is appended, a released one never changes. */
export const MIGRATIONS = [CreateCatalog, CreateLedger, Integrity];
