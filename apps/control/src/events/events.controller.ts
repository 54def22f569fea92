import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { eventReportSchema, eventType, type EventReport } from '@nightjar/events';
import { z } from 'zod';
import type { AuthenticatedRequest } from '../principal.guard.js';
import { EventsService, type EventList } from './events.service.js';

const TimeMs = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

export const EventsQuery = z.strictObject({
  start: TimeMs,
  end: TimeMs,
  /** Of several, comma-separated. */
  type: z
    .string()
    .min(1)
    .transform((text) => text.split(','))
    .optional(),
  limit: z.coerce.number().int().min(1).max(10_000).prefault(1_000),
});

/** What a simple sender can say without a body; whatever it sends as one is not looked at. */
export const WebhookQuery = eventReportSchema.pick({
  state: true,
  id: true,
  stream: true,
  at: true,
  label: true,
});

@Controller('api/v1/cameras/:camera/events')
export class EventsController {
  constructor(@Inject(EventsService) private readonly events: EventsService) {}

  @Get()
  list(
    @Req() request: AuthenticatedRequest,
    @Param('camera') camera: string,
    @Query({ schema: EventsQuery }) query: z.infer<typeof EventsQuery>,
  ): Promise<EventList> {
    const { start: startMs, end: endMs, type: types, limit } = query;
    return this.events.list(request.principal, camera, { startMs, endMs, types, limit });
  }

  @Post()
  @HttpCode(200)
  report(
    @Req() request: AuthenticatedRequest,
    @Param('camera') camera: string,
    @Body({ schema: eventReportSchema }) report: EventReport,
  ): Promise<EventList> {
    return this.events.report(request.principal, camera, report, 'api');
  }

  @Post(':type')
  @HttpCode(200)
  webhook(
    @Req() request: AuthenticatedRequest,
    @Param('camera') camera: string,
    @Param('type', { schema: eventType }) type: string,
    @Query({ schema: WebhookQuery }) query: z.infer<typeof WebhookQuery>,
  ): Promise<EventList> {
    const report = { ...query, type, data: undefined };
    return this.events.report(request.principal, camera, report, 'webhook');
  }
}
