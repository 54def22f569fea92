import { Outage, type RoleContext } from '@nightjar/role';
import { Catalog } from './catalog.js';
import type { CatalogUser } from './data-source.js';

/**
 * The catalog of a role, which tells in its log when the database is away. Opens nothing.
 * @throws NightjarError `invalid` without a database in the configuration
 */
export function catalogOfRole(
  { requiredDatabaseUrl, clock, logger }: RoleContext,
  user: CatalogUser,
): Catalog {
  const unavailable = (reason: string): void => outage.complain(reason);
  const catalog = new Catalog(requiredDatabaseUrl, { unavailable }, user);
  const ask = (): Promise<void> => catalog.ping();
  const outage = new Outage({ server: 'the database', ask, clock, log: logger });
  return catalog;
}
