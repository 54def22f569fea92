import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { parseDuration } from '@nightjar/config';
import { z } from 'zod';
import type { AuthenticatedRequest } from '../principal.guard.js';
import { RecordingService, type RecordingView } from './recording.service.js';

const MAX_FOR_MS = 366 * 86_400_000;

const durationMs = z.string().transform((text, context) => {
  try {
    const ms = parseDuration(text);
    if (ms > 0 && ms <= MAX_FOR_MS) return ms;
  } catch {
    // Reported below.
  }
  context.addIssue({ code: 'custom', message: 'a time such as 10m, up to a year' });
  return z.NEVER;
});

export const RecordingBody = z
  .strictObject({
    action: z.enum(['start', 'stop', 'auto', 'privacy']),
    stream: z.string().min(1).max(63).optional(),
    for: durationMs.optional(),
    until: z.iso
      .datetime({ offset: true })
      .transform((text) => Date.parse(text))
      .optional(),
    reason: z
      .string()
      .min(1)
      .max(256)
      .refine((text) => !/\0|\p{Surrogate}/u.test(text), 'holds characters that cannot be stored')
      .optional(),
  })
  .refine((body) => body.for === undefined || body.until === undefined, 'for and until: give one')
  .refine(
    ({ action, for: time, until }) => action !== 'auto' || (time ?? until) === undefined,
    'auto is for good: it takes neither for nor until',
  );

@Controller('api/v1/cameras/:camera/recording')
export class RecordingController {
  constructor(@Inject(RecordingService) private readonly recording: RecordingService) {}

  @Get()
  state(
    @Req() request: AuthenticatedRequest,
    @Param('camera') camera: string,
  ): Promise<RecordingView> {
    return this.recording.state(request.principal, camera);
  }

  @Post()
  @HttpCode(200)
  request(
    @Req() request: AuthenticatedRequest,
    @Param('camera') camera: string,
    @Body({ schema: RecordingBody }) body: z.infer<typeof RecordingBody>,
  ): Promise<RecordingView> {
    const { action, stream, for: forMs, until, reason } = body;
    return this.recording.request(request.principal, camera, {
      action,
      stream,
      forMs,
      untilMs: until,
      reason,
    });
  }
}
