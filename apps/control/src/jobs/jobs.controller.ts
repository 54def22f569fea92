import { Controller, Delete, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { JOB_STATES } from '@nightjar/jobs';
import type { Dismissal } from '@nightjar/jobs';
import { z } from 'zod';
import type { AuthenticatedRequest } from '../principal.guard.js';
import { JobsService } from './jobs.service.js';
import type { JobAnswer, JobsAnswer } from './jobs.service.js';

const MAX_JOBS = 1_000;

export const JobsQuery = z.strictObject({
  queue: z.string().min(1).optional(),
  /** Without one, only what is not over or went wrong. */
  state: z.enum(JOB_STATES).optional(),
  limit: z.coerce.number().int().min(1).max(MAX_JOBS).prefault(100),
});

/** Work in the background: how much there is, what failed, and what to do about it; for administrators. */
@Controller('api/v1/jobs')
export class JobsController {
  constructor(@Inject(JobsService) private readonly jobs: JobsService) {}

  @Get()
  list(
    @Req() { principal }: AuthenticatedRequest,
    @Query({ schema: JobsQuery }) query: z.infer<typeof JobsQuery>,
  ): Promise<JobsAnswer> {
    return this.jobs.list(principal, query);
  }

  @Get(':queue/:id')
  inspect(
    @Req() { principal }: AuthenticatedRequest,
    @Param('queue') queue: string,
    @Param('id') id: string,
  ): Promise<JobAnswer> {
    return this.jobs.inspect(principal, queue, id);
  }

  @Post(':queue/:id/retry')
  @HttpCode(202)
  async retry(
    @Req() { principal }: AuthenticatedRequest,
    @Param('queue') queue: string,
    @Param('id') id: string,
  ): Promise<JobAnswer> {
    return this.jobs.retry(principal, queue, id);
  }

  @Delete(':queue/:id')
  @HttpCode(202)
  async dismiss(
    @Req() { principal }: AuthenticatedRequest,
    @Param('queue') queue: string,
    @Param('id') id: string,
  ): Promise<{ outcome: Dismissal }> {
    return { outcome: await this.jobs.dismiss(principal, queue, id) };
  }
}
