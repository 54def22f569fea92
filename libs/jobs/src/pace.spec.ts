import { describe, expect, it } from '@jest/globals';
import { defineJob } from './contract.js';
import { defineFlow } from './flow.js';
import { pacesOf } from './pace.js';
import { z } from 'zod';

const job = (name: `${string}.${string}`, pace?: { concurrency: number }) =>
  defineJob(name, z.object({}), pace === undefined ? {} : { pace });

describe('pacesOf', () => {
  it('takes the pace of a queue from whichever of its jobs says one', () => {
    const paces = pacesOf([job('a.one'), job('a.two', { concurrency: 1 }), job('b.one')]);
    expect([...paces]).toEqual([
      ['nightjar.a', { concurrency: 1 }],
      ['nightjar.b', { concurrency: 4 }],
    ]);
  });

  it('keeps the pace when a later job says none', () => {
    const paces = pacesOf([job('a.one', { concurrency: 2 }), job('a.two')]);
    expect(paces.get('nightjar.a')).toEqual({ concurrency: 2 });
  });

  it('refuses two jobs of one queue that want it differently', () => {
    const contracts = [job('a.one', { concurrency: 1 }), job('a.two', { concurrency: 2 })];
    expect(() => pacesOf(contracts)).toThrow('another pace');
  });
});

describe('defineFlow', () => {
  it('refuses jobs with a dedupe key', () => {
    const keyed = defineJob('a.keyed', z.object({}), { dedupe: () => 'x' });
    expect(() => defineFlow(job('a.whole'), keyed)).toThrow('dedupe');
    expect(() => defineFlow(keyed, job('a.part'))).toThrow('dedupe');
  });
});
