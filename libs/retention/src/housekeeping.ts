import type { HousekeepingRepository } from '@nightjar/catalog';
import type { Clock } from '@nightjar/common';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Between two passes of one process. */
const INTERVAL_MS = HOUR_MS;
/** How long it is known why footage is gone, and why it never came to be. */
export const LEDGER_KEPT_MS = 365 * DAY_MS;
/** How long a run is known that has no footage any more. */
export const EMPTY_RUN_KEPT_MS = 30 * DAY_MS;

/** Lets the catalog forget what nobody asks for any more; a bounded number of rows per pass, so that it never takes long. */
export class Housekeeping {
  private nextMs = -Infinity;

  constructor(
    private readonly repository: HousekeepingRepository,
    private readonly clock: Clock,
  ) {}

  /** A pass, if one is due. `believedNowMs` is a time that a wrong clock has no part in. */
  async run(believedNowMs: number): Promise<void> {
    if (this.clock.monotonicMs() < this.nextMs) return;
    this.nextMs = this.clock.monotonicMs() + INTERVAL_MS;
    await this.repository.forgetDeletions(believedNowMs - LEDGER_KEPT_MS);
    await this.repository.forgetGaps(believedNowMs - LEDGER_KEPT_MS);
    await this.repository.forgetUnwanted(believedNowMs - LEDGER_KEPT_MS);
    await this.repository.forgetRuns(believedNowMs - EMPTY_RUN_KEPT_MS);
    await this.repository.dropEmptyPartition(believedNowMs);
  }
}
