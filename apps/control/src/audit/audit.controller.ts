import { Controller, Get, Inject, Query, Req } from '@nestjs/common';
import { AccessPolicy, AUDIT_KINDS, requireAccess } from '@nightjar/access';
import { Catalog, type AuditEntry } from '@nightjar/catalog';
import { NightjarError } from '@nightjar/common';
import { z } from 'zod';
import type { AuthenticatedRequest } from '../principal.guard.js';

const TimeMs = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** Where a page ended: the time and the id of its last entry. */
const Cursor = z
  .string()
  .regex(/^\d{1,15}_[\w-]{1,64}$/, 'not a cursor')
  .transform((text) => {
    const [atMs = '', id = ''] = text.split('_', 2);
    return { atMs: Number(atMs), id };
  });

export const AuditQuery = z.strictObject({
  start: TimeMs.optional(),
  end: TimeMs.optional(),
  /** Of several, comma-separated. */
  kind: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(AUDIT_KINDS)))
    .optional(),
  limit: z.coerce.number().int().min(1).max(1_000).prefault(100),
  /** `next` of the page before. */
  before: Cursor.optional(),
});

export interface AuditView extends Omit<AuditEntry, 'atMs'> {
  readonly at: string;
}

export interface AuditPage {
  /** The newest first. */
  readonly entries: readonly AuditView[];
  /** To be given as `before` for the next page; left out behind the last. */
  readonly next?: string;
}

const END_OF_TIME_MS = 253_402_300_799_999;

@Controller('api/v1/audit')
export class AuditController {
  constructor(
    @Inject(Catalog) private readonly catalog: Pick<Catalog, 'trail'>,
    @Inject(AccessPolicy) private readonly policy: AccessPolicy,
  ) {}

  @Get()
  async list(
    @Req() { principal }: AuthenticatedRequest,
    @Query({ schema: AuditQuery }) query: z.infer<typeof AuditQuery>,
  ): Promise<AuditPage> {
    requireAccess(this.policy, principal, 'admin', undefined);
    const { start: startMs = 0, end: endMs = END_OF_TIME_MS, kind: kinds, limit, before } = query;
    if (endMs <= startMs)
      throw new NightjarError('invalid', 'control/range', 'end must lie after start');
    const entries = await this.catalog.trail.page({ startMs, endMs, kinds, limit, before });
    const last = entries.at(-1);
    return {
      entries: entries.map(({ atMs, ...rest }) => ({ at: new Date(atMs).toISOString(), ...rest })),
      ...(last === undefined || entries.length < limit ? {} : { next: `${last.atMs}_${last.id}` }),
    };
  }
}
