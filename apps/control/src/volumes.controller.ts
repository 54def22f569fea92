import { Controller, Get, Inject, Req } from '@nestjs/common';
import { AccessPolicy, requireAccess } from '@nightjar/access';
import type { AuthenticatedRequest } from './principal.guard.js';
import { VolumesService, type VolumeView } from './volumes.service.js';

/** Where footage lies and how the disks are; for administrators. */
@Controller('api/v1/volumes')
export class VolumesController {
  constructor(
    @Inject(VolumesService) private readonly volumes: VolumesService,
    @Inject(AccessPolicy) private readonly policy: AccessPolicy,
  ) {}

  @Get()
  list(@Req() { principal }: AuthenticatedRequest): Promise<VolumeView[]> {
    requireAccess(this.policy, principal, 'admin', undefined);
    return this.volumes.list();
  }
}
