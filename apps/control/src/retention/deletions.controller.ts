import { Controller, Get, Inject, Param, Query, Req } from '@nestjs/common';
import { AccessPolicy, requireAccess } from '@nightjar/access';
import { Catalog } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import { deletionsBetween, type DeletionView } from '@nightjar/retention';
import { z } from 'zod';
import type { AuthenticatedRequest } from '../principal.guard.js';

const TimeMs = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
export const DeletionsQuery = z.strictObject({ start: TimeMs, end: TimeMs });

/** Longest range of one answer. */
const MAX_RANGE_MS = 31 * 86_400_000;

/** Why footage is gone, for those who might have watched it. */
@Controller('api/v1/cameras')
export class DeletionsController {
  constructor(
    @Inject(Catalog) private readonly catalog: Catalog,
    @Inject(AccessPolicy) private readonly policy: AccessPolicy,
  ) {}

  @Get(':camera/deletions')
  async deletions(
    @Req() { principal }: AuthenticatedRequest,
    @Param('camera') camera: string,
    @Query({ schema: DeletionsQuery }) { start, end }: z.infer<typeof DeletionsQuery>,
  ): Promise<DeletionView[]> {
    requireAccess(this.policy, principal, 'playback', camera);
    if (end <= start)
      throw new NightjarError('invalid', 'control/range', 'end must lie after start');
    if (end - start > MAX_RANGE_MS)
      throw new NightjarError('invalid', 'control/range', 'deletions are told for at most 31 days');
    return deletionsBetween(this.catalog, camera, start, end);
  }
}
