import { Controller, Get, Inject, Query, Req } from '@nestjs/common';
import { requireAccess, AccessPolicy } from '@nightjar/access';
import { Catalog, type Damage } from '@nightjar/catalog';
import { parsePayload } from '@nightjar/integrity';
import { z } from 'zod';
import type { AuthenticatedRequest } from './principal.guard.js';

const MAX_FINDINGS = 1_000;
const DamageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(MAX_FINDINGS).default(100),
});
const CheckpointQuery = z.strictObject({ from: z.iso.date(), to: z.iso.date() });

/** What checks of the files found, and the signed states of the archive; for administrators. */
@Controller('api/v1/integrity')
export class IntegrityController {
  constructor(
    @Inject(Catalog) private readonly catalog: Catalog,
    @Inject(AccessPolicy) private readonly policy: AccessPolicy,
  ) {}

  @Get('damage')
  async damage(
    @Req() { principal }: AuthenticatedRequest,
    @Query({ schema: DamageQuery }) { limit }: z.infer<typeof DamageQuery>,
  ): Promise<object[]> {
    requireAccess(this.policy, principal, 'admin', undefined);
    return (await this.catalog.integrity.damage(limit)).map(printDamage);
  }

  @Get('checkpoints')
  async checkpoints(
    @Req() { principal }: AuthenticatedRequest,
    @Query({ schema: CheckpointQuery }) { from, to }: z.infer<typeof CheckpointQuery>,
  ): Promise<object[]> {
    requireAccess(this.policy, principal, 'admin', undefined);
    const checkpoints = await this.catalog.integrity.checkpoints(from, to);
    return checkpoints.map(({ day, keyId, payload, signature }) => ({
      day,
      keyId,
      streams: parsePayload(payload).streams,
      payload,
      signature,
    }));
  }
}

function printDamage({ startMs, endMs, foundAtMs, ...rest }: Damage): object {
  return {
    ...rest,
    start: new Date(startMs).toISOString(),
    end: new Date(endMs).toISOString(),
    foundAt: new Date(foundAtMs).toISOString(),
  };
}
