import { Controller, Get, Inject, Req } from '@nestjs/common';
import { AccessPolicy, requireAccess } from '@nightjar/access';
import type { AuthenticatedRequest } from '../principal.guard.js';
import { StatusService, type StatusView } from './status.service.js';

/** How the installation is doing, for administrators. Answers 200 whatever is wrong: probes have `/readyz`. */
@Controller('api/v1/status')
export class StatusController {
  constructor(
    @Inject(StatusService) private readonly service: StatusService,
    @Inject(AccessPolicy) private readonly policy: AccessPolicy,
  ) {}

  @Get()
  async status(@Req() { principal }: AuthenticatedRequest): Promise<StatusView> {
    requireAccess(this.policy, principal, 'admin', undefined);
    return this.service.status();
  }
}
