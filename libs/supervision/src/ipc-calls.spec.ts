import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import { answerCalls, IpcCaller } from './ipc-calls.js';
import { channelPair } from './testing/channel-pair.js';

describe('IpcCaller', () => {
  it('gets each answer to its question, in whatever order they come', async () => {
    const [here, there] = channelPair();
    const slow: ((value: string) => void)[] = [];
    answerCalls(there, {
      slow: () => new Promise<string>((resolve) => slow.push(resolve)),
      double: async (n: number) => 2 * n,
    });
    const caller = new IpcCaller(here);
    const first = caller.call<string>('slow', 1);
    expect(await caller.call('double', 21)).toBe(42);
    slow[0]?.('late');
    expect(await first).toBe('late');
  });

  it('throws what the other side threw', async () => {
    const [here, there] = channelPair();
    answerCalls(there, {
      refuse: async () => {
        throw new NightjarError('conflict', 'recording/volume-foreign', 'not ours');
      },
      full: async () => {
        throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
      },
    });
    const caller = new IpcCaller(here);
    await expect(caller.call('refuse', {})).rejects.toMatchObject({
      kind: 'conflict',
      code: 'recording/volume-foreign',
      message: 'not ours',
    });
    await expect(caller.call('full', {})).rejects.toMatchObject({
      code: 'ENOSPC',
      message: 'no space',
    });
    await expect(caller.call('other', {})).rejects.toMatchObject({ kind: 'internal' });
    await expect(caller.call('toString', {})).rejects.toMatchObject({ kind: 'internal' });
  });

  it('gives up when the other process ends', async () => {
    const [here, there] = channelPair();
    answerCalls(there, { never: () => new Promise(() => undefined) });
    const caller = new IpcCaller(here);
    const open = caller.call('never', {});
    here.end();
    await expect(open).rejects.toMatchObject({ code: 'supervision/process-gone' });
    await expect(caller.call('never', {})).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
