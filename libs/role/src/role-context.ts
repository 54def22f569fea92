import type { Clock } from '@nightjar/common';
import { NightjarError, systemClock } from '@nightjar/common';
import type { ConfigWatcher, NightjarConfig } from '@nightjar/config';
import type { Logger } from '@nightjar/monitoring';

/** What every role process begins with; the injection token of the same. */
export class RoleContext {
  readonly clock: Clock = systemClock;

  constructor(
    /** As it was at the start; {@link watcher} has the present one. */
    readonly config: NightjarConfig,
    readonly watcher: ConfigWatcher,
    readonly logger: Logger,
    /** NIGHTJAR_DATABASE_URL (set by the appliance for its embedded PostgreSQL), else `database.url`. */
    readonly databaseUrl: string | undefined,
  ) {}

  /** {@link databaseUrl}, for a role that cannot do without. @throws NightjarError `invalid` if there is none */
  get requiredDatabaseUrl(): string {
    if (this.databaseUrl !== undefined) return this.databaseUrl;
    throw new NightjarError(
      'invalid',
      'role/no-database',
      'set database.url or NIGHTJAR_DATABASE_URL',
    );
  }
}
