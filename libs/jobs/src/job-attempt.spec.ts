import { describe, expect, it } from '@jest/globals';
import type { Job } from 'bullmq';
import { ManualClock } from '@nightjar/common';
import { z } from 'zod';
import { defineJob } from './contract.js';
import { AttemptReturned, JobAttempt } from './job-attempt.js';
import { processorOf } from './job-processor.js';

const Work = defineJob('work.do', z.object({ text: z.string() }), {});

describe('an attempt at a job', () => {
  it('is not begun by a worker that is stopping: the job goes back, untouched', async () => {
    const moved: (string | undefined)[] = [];
    const begun: string[] = [];
    const stopping = new AbortController();
    stopping.abort();
    const job = {
      id: '7',
      data: { text: 'again' },
      opts: {},
      token: 'mine',
      attemptsMade: 0,
      moveToWait: (token?: string) => Promise.resolve(moved.push(token)),
    } as unknown as Job;
    const attempt = new JobAttempt(
      job,
      processorOf(Work, ({ text }) => Promise.resolve(void begun.push(text))),
      { getJobLogs: () => Promise.resolve({ logs: [], count: 0 }) },
      new ManualClock(),
      stopping.signal,
      () => undefined,
    );
    await expect(attempt.run()).rejects.toBeInstanceOf(AttemptReturned);
    expect([moved, begun]).toEqual([['mine'], []]);
  });
});
