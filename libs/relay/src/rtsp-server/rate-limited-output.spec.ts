import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import type { StreamOutput } from './mount.js';
import { RateLimitedOutput } from './rate-limited-output.js';

const PACKET = Buffer.alloc(1_000);

/** An output that takes everything at once. */
function taking(sent: number[]): StreamOutput {
  return {
    transport: 'tcp',
    ssrc: () => 7,
    queuedBytes: 0,
    batch: () => undefined,
    send: (_track, packet) => void sent.push(packet.length),
    flush: () => true,
    drained: () => Promise.resolve(),
    stopped: () => undefined,
    end: () => undefined,
    cut: () => undefined,
  };
}

describe('an output of a limited rate', () => {
  it('makes who sends more wait for as long as that is too much, and loses nothing', async () => {
    const clock = new ManualClock();
    const sent: number[] = [];
    let slowed = 0;
    const output = new RateLimitedOutput(
      taking(sent),
      { bytesPerSecond: 10_000, slowedDown: () => (slowed += 1) },
      clock,
    );
    // Sends as a mount does: until told to wait.
    let done = false;
    const sending = (async () => {
      for (let i = 0; i < 100; i++) {
        output.send(0, PACKET, false);
        if (!output.flush()) await output.drained();
      }
      done = true;
    })();
    const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    for (let ms = 0; ms < 8_000; ms += 100) {
      await settle();
      // Two seconds' worth at once, and the packet that showed it to be enough.
      expect(sent.length * PACKET.length).toBeLessThanOrEqual(20_000 + ms * 10 + PACKET.length);
      clock.advance(100);
    }
    await settle();
    expect({ done, packets: sent.length, slowed }).toEqual({ done: true, packets: 100, slowed: 1 });
    await sending;
  });
});
