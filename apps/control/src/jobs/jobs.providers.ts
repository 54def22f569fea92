import type { Provider } from '@nestjs/common';
import { AccessPolicy } from '@nightjar/access';
import { IntegrityCheck } from '@nightjar/integrity';
import { JobQueue } from '@nightjar/jobs';
import { CompletenessRollUp } from '@nightjar/ledger';
import { MakeExport, MakeHourStrips } from '@nightjar/playback';
import { RetentionSweep } from '@nightjar/retention';
import { RoleContext } from '@nightjar/role';
import { JobsService } from './jobs.service.js';

/** One job of each queue: what operators may look at. */
const ONE_OF_EACH_QUEUE = [
  RetentionSweep,
  IntegrityCheck,
  CompletenessRollUp,
  MakeExport,
  MakeHourStrips,
];

export const JOBS_PROVIDERS: Provider[] = [
  {
    provide: JobsService,
    useFactory: ({ desk }: JobQueue, policy: AccessPolicy, { clock }: RoleContext) =>
      new JobsService(
        desk,
        ONE_OF_EACH_QUEUE.map(({ queue }) => queue),
        policy,
        clock,
      ),
    inject: [JobQueue, AccessPolicy, RoleContext],
  },
];
