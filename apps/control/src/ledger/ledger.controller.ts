import { Controller, Get, Inject, Param, Query, Req } from '@nestjs/common';
import { parseDuration } from '@nightjar/config';
import { z } from 'zod';
import type { AuthenticatedRequest } from '../principal.guard.js';
import { CompletenessService } from './completeness.service.js';
import type { CompletenessView } from './completeness.service.js';
import { TimelineService } from './timeline.service.js';
import type { TimelineView } from './timeline.service.js';

const TimeMs = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const StreamName = z.string().min(1).max(63);

const DurationMs = z.string().transform((text, context) => {
  try {
    return parseDuration(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

const TimeZone = z
  .string()
  .refine((name) => isTimeZone(name), 'expected an IANA time zone, such as Europe/Berlin')
  .prefault('UTC');

export const TimelineQuery = z.strictObject({
  start: TimeMs,
  end: TimeMs,
  stream: StreamName.optional(),
  /** What is shorter is drawn together. */
  resolution: DurationMs.optional(),
});

export const DaysQuery = z.strictObject({
  from: z.iso.date(),
  to: z.iso.date(),
  stream: StreamName.optional(),
  timeZone: TimeZone,
});

export const DayQuery = z.strictObject({ day: z.iso.date(), timeZone: TimeZone });

/** What became of the time: of a range of one camera, and in sums per day. */
@Controller('api/v1')
export class LedgerController {
  constructor(
    @Inject(TimelineService) private readonly timelines: TimelineService,
    @Inject(CompletenessService) private readonly completeness: CompletenessService,
  ) {}

  @Get('cameras/:camera/timeline')
  timeline(
    @Req() request: AuthenticatedRequest,
    @Param('camera') camera: string,
    @Query({ schema: TimelineQuery }) query: z.infer<typeof TimelineQuery>,
  ): Promise<TimelineView> {
    const { start: startMs, end: endMs, stream, resolution: resolutionMs } = query;
    return this.timelines.timeline(request.principal, camera, {
      startMs,
      endMs,
      stream,
      resolutionMs,
    });
  }

  @Get('cameras/:camera/completeness')
  ofCamera(
    @Req() request: AuthenticatedRequest,
    @Param('camera') camera: string,
    @Query({ schema: DaysQuery }) query: z.infer<typeof DaysQuery>,
  ): Promise<CompletenessView[]> {
    return this.completeness.ofCamera(request.principal, camera, query);
  }

  @Get('completeness')
  ofDay(
    @Req() request: AuthenticatedRequest,
    @Query({ schema: DayQuery }) query: z.infer<typeof DayQuery>,
  ): Promise<CompletenessView[]> {
    return this.completeness.ofDay(request.principal, query.day, query.timeZone);
  }
}

function isTimeZone(name: string): boolean {
  try {
    // Offsets such as +02:00 pass too, but have no days of their own in PostgreSQL.
    return Intl.DateTimeFormat('en', { timeZone: name }) !== undefined && !/^[+-]/.test(name);
  } catch {
    return false;
  }
}
