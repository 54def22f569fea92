import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { CERTIFICATE_FINGERPRINT, FINGERPRINT_HELP } from '@nightjar/config';
import type { Adoption, CameraSettingsView, DeviceView, SearchOutcome } from '@nightjar/discovery';
import { z } from 'zod';
import type { AuthenticatedRequest } from '../principal.guard.js';
import { DevicesService } from './devices.service.js';

const DeviceId = z.coerce
  .number()
  .int()
  .min(1)
  .max(2 ** 31 - 1);

export const IgnoreBody = z.strictObject({ ignored: z.boolean().prefault(true) }).prefault({});

export const AdoptBody = z
  .strictObject({
    name: z.string().min(1).max(63),
    username: z.string().min(1).max(256).optional(),
    password: z.string().min(1).max(1024).optional(),
    passwordText: z.boolean().prefault(false),
    fingerprint: z.string().regex(CERTIFICATE_FINGERPRINT, FINGERPRINT_HELP).optional(),
    as: z.enum(['managed', 'declared']).prefault('managed'),
    followsDevice: z.boolean().prefault(false),
    record: z.enum(['continuous', 'event']).optional(),
  })
  .refine(
    ({ username, password }) => (username === undefined) === (password === undefined),
    'username and password: give both or none',
  );

@Controller('api/v1/discovery')
export class DiscoveryController {
  constructor(@Inject(DevicesService) private readonly devices: DevicesService) {}

  @Get('devices')
  async list(@Req() request: AuthenticatedRequest): Promise<{ devices: DeviceView[] }> {
    return { devices: await this.devices.list(request.principal) };
  }

  @Get('settings')
  settings(@Req() request: AuthenticatedRequest): { cameras: CameraSettingsView[] } {
    return { cameras: this.devices.settings(request.principal) };
  }

  @Get('devices/:id')
  one(
    @Req() request: AuthenticatedRequest,
    @Param('id', { schema: DeviceId }) id: number,
  ): Promise<DeviceView> {
    return this.devices.one(request.principal, id);
  }

  @Post('probe')
  @HttpCode(200)
  probe(@Req() request: AuthenticatedRequest): Promise<SearchOutcome> {
    return this.devices.search(request.principal);
  }

  @Post('devices/:id/ignore')
  @HttpCode(200)
  ignore(
    @Req() request: AuthenticatedRequest,
    @Param('id', { schema: DeviceId }) id: number,
    @Body({ schema: IgnoreBody }) { ignored }: z.infer<typeof IgnoreBody>,
  ): Promise<DeviceView> {
    return this.devices.ignore(request.principal, id, ignored);
  }

  @Post('devices/:id/accept')
  @HttpCode(200)
  accept(
    @Req() request: AuthenticatedRequest,
    @Param('id', { schema: DeviceId }) id: number,
  ): Promise<DeviceView> {
    return this.devices.accept(request.principal, id);
  }

  @Post('devices/:id/adopt')
  @HttpCode(200)
  adopt(
    @Req() request: AuthenticatedRequest,
    @Param('id', { schema: DeviceId }) id: number,
    @Body({ schema: AdoptBody }) body: z.infer<typeof AdoptBody>,
  ): Promise<Adoption> {
    const { username, password, ...rest } = body;
    const login =
      username === undefined || password === undefined ? undefined : { username, password };
    return this.devices.adopt(request.principal, id, {
      ...rest,
      record: rest.record,
      fingerprint: rest.fingerprint,
      login,
      passwordFile: undefined,
    });
  }
}
