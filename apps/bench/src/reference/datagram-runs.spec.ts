import { expect, it } from '@jest/globals';
import { makeFootage } from '../camera/footage.js';
import { datagramRuns } from './datagram-runs.js';

it('puts the packets of every frame into runs that one call can send', () => {
  for (const frame of makeFootage(4_000_000, 2)) {
    const runs = datagramRuns(frame);
    const packets = runs.flatMap((run) => run.packets);
    const sent = frame.packets.map((at) =>
      frame.bytes.subarray(at, at + frame.bytes.readUInt16BE(at - 2)),
    );
    expect(Buffer.concat(packets).equals(Buffer.concat(sent))).toBe(true);
    for (const { bytes, segmentBytes, packets } of runs) {
      expect(bytes.length).toBe(packets.reduce((sum, { length }) => sum + length, 0));
      expect(bytes.length).toBeLessThanOrEqual(65_507);
      expect(packets.length).toBeLessThanOrEqual(64);
      expect(packets.slice(0, -1).every(({ length }) => length === segmentBytes)).toBe(true);
      expect(packets.at(-1)!.length).toBeLessThanOrEqual(segmentBytes);
    }
  }
});
