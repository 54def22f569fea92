import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { defineJob } from './contract.js';
import { checkCoverage, processorOf } from './job-processor.js';

const sweep = defineJob('retention.sweep', z.object({ volume: z.string() }));
const verify = defineJob('integrity.verify', z.object({}));
const idle = async (): Promise<void> => undefined;

describe('defineJob', () => {
  it('puts a job in the queue of its area and bounds what is kept', () => {
    expect(sweep).toMatchObject({
      name: 'retention.sweep',
      queue: 'nightjar.retention',
      options: { attempts: 3, keepCompleted: 100 },
    });
  });
});

describe('checkCoverage', () => {
  it('passes when each job has one processor', () => {
    expect(() =>
      checkCoverage([sweep, verify], [processorOf(verify, idle), processorOf(sweep, idle)]),
    ).not.toThrow();
  });

  it('names every job without a processor, with two, or undeclared', () => {
    const twice = [processorOf(sweep, idle), processorOf(sweep, idle)];
    expect(() => checkCoverage([sweep, verify], twice)).toThrow(
      'jobs: retention.sweep has 2 processors; integrity.verify has no processor',
    );
    expect(() => checkCoverage([], [processorOf(verify, idle)])).toThrow(
      'integrity.verify is processed but not declared',
    );
  });
});
