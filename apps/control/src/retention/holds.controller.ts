import { Body, Controller, Delete, Get, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { AccessPolicy, requireAccess } from '@nightjar/access';
import { Holds, type HoldView } from '@nightjar/retention';
import { RoleContext } from '@nightjar/role';
import { z } from 'zod';
import { Audited } from '../audit/audited.js';
import { nameOf } from '../principal.guard.js';
import type { AuthenticatedRequest } from '../principal.guard.js';

const TimeMs = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

export const NewHold = z.strictObject({
  camera: z.string().min(1).max(63),
  stream: z.string().min(1).max(63).optional(),
  start: TimeMs,
  end: TimeMs,
  owner: z.string().min(1).max(500).optional(),
  reason: z.string().min(1).max(500),
  expiresAt: TimeMs.optional(),
});
export const HoldsQuery = z.strictObject({
  all: z.enum(['true', 'false']).default('false'),
});
export const HoldId = z.coerce
  .number()
  .int()
  .min(1)
  .max(2 ** 31 - 1);

/** Footage that no rule may delete; for administrators. Who made a hold, and who let it go, stays on record. */
@Controller('api/v1/holds')
export class HoldsController {
  constructor(
    @Inject(Holds) private readonly holds: Holds,
    @Inject(AccessPolicy) private readonly policy: AccessPolicy,
    @Inject(RoleContext) private readonly context: RoleContext,
  ) {}

  @Get()
  async list(
    @Req() { principal }: AuthenticatedRequest,
    @Query({ schema: HoldsQuery }) { all }: z.infer<typeof HoldsQuery>,
  ): Promise<HoldView[]> {
    requireAccess(this.policy, principal, 'admin', undefined);
    return this.holds.list(all === 'true');
  }

  @Post()
  @Audited('hold-set')
  async add(
    @Req() { principal }: AuthenticatedRequest,
    @Body({ schema: NewHold }) body: z.infer<typeof NewHold>,
  ): Promise<HoldView> {
    requireAccess(this.policy, principal, 'admin', body.camera);
    const { camera, stream, start, end, owner, reason, expiresAt } = body;
    const by = nameOf(principal);
    const hold = await this.holds.add(
      { camera, stream, startMs: start, endMs: end, owner, reason, expiresAtMs: expiresAt },
      by,
    );
    this.context.logger.info({ hold: hold.id, camera, by }, 'footage is held');
    return hold;
  }

  @Delete(':id')
  @Audited('hold-released')
  async release(
    @Req() { principal }: AuthenticatedRequest,
    @Param('id', { schema: HoldId }) id: z.infer<typeof HoldId>,
  ): Promise<HoldView> {
    requireAccess(this.policy, principal, 'admin', undefined);
    const by = nameOf(principal);
    const hold = await this.holds.release(id, by);
    this.context.logger.info({ hold: id, camera: hold.camera, by }, 'a hold was released');
    return hold;
  }
}
