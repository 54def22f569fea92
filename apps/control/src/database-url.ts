import { NightjarError } from '@nightjar/common';
import type { RoleContext } from '@nightjar/role';

/** @throws NightjarError `invalid` without a database in the configuration */
export function databaseUrlOf({ databaseUrl }: Pick<RoleContext, 'databaseUrl'>): string {
  if (databaseUrl === undefined) {
    throw new NightjarError(
      'invalid',
      'control/no-database',
      'set database.url or NIGHTJAR_DATABASE_URL',
    );
  }
  return databaseUrl;
}
