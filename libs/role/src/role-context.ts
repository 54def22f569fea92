import type { Clock } from '@nightjar/common';
import { systemClock } from '@nightjar/common';
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
}
