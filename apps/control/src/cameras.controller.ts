import { Controller, Get, Inject, Req } from '@nestjs/common';
import { CamerasService } from './cameras.service.js';
import type { CameraView } from './cameras.service.js';
import type { AuthenticatedRequest } from './principal.guard.js';

@Controller('api/v1/cameras')
export class CamerasController {
  constructor(@Inject(CamerasService) private readonly cameras: CamerasService) {}

  @Get()
  list(@Req() request: AuthenticatedRequest): Promise<CameraView[]> {
    return this.cameras.list(request.principal);
  }
}
