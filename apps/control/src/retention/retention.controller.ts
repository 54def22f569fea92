import { Body, Controller, Get, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { AccessPolicy, requireAccess } from '@nightjar/access';
import { Catalog } from '@nightjar/catalog';
import {
  blockView,
  openSized,
  planRetention,
  retentionStatus,
  type BlockView,
  type EmergencyControl,
  type RetentionPlan,
  type VolumeStatus,
} from '@nightjar/retention';
import { RoleContext } from '@nightjar/role';
import { z } from 'zod';
import { nameOf } from '../principal.guard.js';
import type { AuthenticatedRequest } from '../principal.guard.js';

/** Injection token: cameras that were stopped because a disk is full. */
export const EMERGENCIES = Symbol('EmergencyControl');

export const Approval = z.strictObject({ volume: z.string().min(1).max(63).optional() });

/** What retention would do, how it stands, and the answer to a plan that stopped itself; for administrators. */
@Controller('api/v1/retention')
export class RetentionController {
  constructor(
    @Inject(Catalog) private readonly catalog: Catalog,
    @Inject(AccessPolicy) private readonly policy: AccessPolicy,
    @Inject(RoleContext) private readonly context: RoleContext,
    @Inject(EMERGENCIES) private readonly emergencies: EmergencyControl,
  ) {}

  @Get('plan')
  async plan(@Req() { principal }: AuthenticatedRequest): Promise<RetentionPlan> {
    requireAccess(this.policy, principal, 'admin', undefined);
    const { config } = this.context.watcher;
    return planRetention({
      catalog: this.catalog,
      config,
      nowMs: this.context.clock.wallMs(),
      volume: (name) => openSized(config, name),
    });
  }

  @Get('status')
  async status(@Req() { principal }: AuthenticatedRequest): Promise<VolumeStatus[]> {
    requireAccess(this.policy, principal, 'admin', undefined);
    return retentionStatus(this.catalog, this.context.watcher.config, this.emergencies);
  }

  @Post('approve')
  @HttpCode(200)
  async approve(
    @Req() { principal }: AuthenticatedRequest,
    @Body({ schema: Approval }) { volume }: z.infer<typeof Approval>,
  ): Promise<BlockView[]> {
    requireAccess(this.policy, principal, 'admin', undefined);
    const by = nameOf(principal);
    const blocks = await this.catalog.sweeps.approve(volume, by, this.context.clock.wallMs());
    this.context.logger.info(
      { volumes: blocks.map((block) => block.volume), by },
      'a plan of retention was approved',
    );
    return blocks.map(blockView);
  }
}
