import { Controller, Get, Inject, Param, Query, Req } from '@nestjs/common';
import { z } from 'zod';
import { CamerasService } from './cameras.service.js';
import type { CameraView, TimelineView } from './cameras.service.js';
import type { AuthenticatedRequest } from './principal.guard.js';

const TimeMs = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

export const TimelineQuery = z.strictObject({
  start: TimeMs,
  end: TimeMs,
  stream: z.string().min(1).max(63).optional(),
});

@Controller('api/v1/cameras')
export class CamerasController {
  constructor(@Inject(CamerasService) private readonly cameras: CamerasService) {}

  @Get()
  list(@Req() request: AuthenticatedRequest): Promise<CameraView[]> {
    return this.cameras.list(request.principal);
  }

  @Get(':camera/timeline')
  timeline(
    @Req() request: AuthenticatedRequest,
    @Param('camera') camera: string,
    @Query({ schema: TimelineQuery }) query: z.infer<typeof TimelineQuery>,
  ): Promise<TimelineView> {
    const { start: startMs, end: endMs, stream } = query;
    return this.cameras.timeline(request.principal, camera, { startMs, endMs, stream });
  }
}
