import {
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  Inject,
  Param,
  Post,
  Req,
  StreamableFile,
} from '@nestjs/common';
import { parseDuration } from '@nightjar/config';
import type { PtzPreset } from '@nightjar/discovery';
import { z } from 'zod';
import type { AuthenticatedRequest } from '../principal.guard.js';
import { CameraControlService } from './camera-control.service.js';

const MAX_MOVE_MS = 30_000;
const velocity = z.number().min(-1).max(1).prefault(0);
const preset = z.string().min(1).max(64);
const moveTime = z.string().transform((text, context) => {
  try {
    const ms = parseDuration(text);
    if (ms > 0 && ms <= MAX_MOVE_MS) return ms;
  } catch {
    // Reported below.
  }
  context.addIssue({ code: 'custom', message: 'a time such as 500ms or 2s, up to 30s' });
  return z.NEVER;
});

export const PtzBody = z.discriminatedUnion('action', [
  z.strictObject({
    action: z.literal('move'),
    pan: velocity,
    tilt: velocity,
    zoom: velocity,
    for: moveTime.prefault('1s'),
  }),
  z.strictObject({ action: z.literal('stop') }),
  z.strictObject({ action: z.literal('home') }),
  z.strictObject({ action: z.literal('set-home') }),
  z.strictObject({ action: z.literal('go-to-preset'), preset }),
  z.strictObject({ action: z.literal('save-preset'), preset }),
  z.strictObject({ action: z.literal('remove-preset'), preset }),
]);

@Controller('api/v1/cameras/:camera')
export class CameraControlController {
  constructor(@Inject(CameraControlService) private readonly cameras: CameraControlService) {}

  @Post('ptz')
  @HttpCode(204)
  async move(
    @Req() request: AuthenticatedRequest,
    @Param('camera') camera: string,
    @Body({ schema: PtzBody }) body: z.infer<typeof PtzBody>,
  ): Promise<void> {
    const command = body.action === 'move' ? { ...body, forMs: body.for } : body;
    await this.cameras.move(request.principal, camera, command);
  }

  @Get('ptz/presets')
  async presets(
    @Req() request: AuthenticatedRequest,
    @Param('camera') camera: string,
  ): Promise<{ presets: readonly PtzPreset[] }> {
    return { presets: await this.cameras.presets(request.principal, camera) };
  }

  /** By the camera, where `snapshot.jpg` is of our footage. */
  @Get('onvif-snapshot.jpg')
  @Header('Cache-Control', 'no-store')
  async snapshot(
    @Req() request: AuthenticatedRequest,
    @Param('camera') camera: string,
  ): Promise<StreamableFile> {
    const { jpeg } = await this.cameras.snapshot(request.principal, camera);
    return new StreamableFile(jpeg, { type: 'image/jpeg', length: jpeg.length });
  }
}
