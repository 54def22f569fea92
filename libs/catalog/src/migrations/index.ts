import { CreateCatalog } from './0001-create-catalog.js';

/** In order; a new one is appended, a released one never changes. */
export const MIGRATIONS = [CreateCatalog];
