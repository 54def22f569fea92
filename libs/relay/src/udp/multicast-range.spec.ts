import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import { MulticastRange } from './multicast-range.js';

const PORTS = { firstPort: 20_000, lastPort: 20_999 };
const none = (): boolean => false;
const all = (): boolean => true;

describe('a range of multicast addresses', () => {
  it('gives every stream an address and ports of its own, the same each time', () => {
    const range = new MulticastRange({ range: '239.192.0.0/16', ...PORTS });
    const names = Array.from({ length: 100 }, (_, i) => `cam${i}`);
    const slots = names.map((name) => range.slot(name, none));
    expect(new Set(slots.map(({ address }) => address)).size).toBe(100);
    for (const slot of slots) {
      expect(slot.address).toMatch(/^239\.192\./);
      const rtp = slot.port(0)!;
      expect([rtp % 2, slot.port(1)]).toEqual([0, rtp + 2]);
      expect(rtp).toBeGreaterThanOrEqual(PORTS.firstPort);
      expect(slot.port(7)! + 1).toBeLessThanOrEqual(PORTS.lastPort);
      expect(slot.port(8)).toBeUndefined();
    }
    const again = new MulticastRange({ range: '239.192.0.0/16', ...PORTS });
    expect(names.map((name) => again.slot(name, none).address)).toEqual(
      slots.map(({ address }) => address),
    );
  });

  it('uses every address before it takes one away, and none that is in use', () => {
    const range = new MulticastRange({ range: '232.1.1.8/30', ...PORTS });
    const addresses = ['a', 'b', 'c', 'd'].map((name) => range.slot(name, all).address);
    expect([...addresses].sort()).toEqual(['232.1.1.10', '232.1.1.11', '232.1.1.8', '232.1.1.9']);
    expect(() => range.slot('e', all)).toThrow(
      expect.objectContaining({ kind: 'exhausted', code: 'rtsp/multicast-exhausted' }),
    );
    expect(range.slot('e', (name) => name !== 'c').address).toBe(addresses[2]);
    expect(range.slot('a', all).address).toBe(addresses[0]);
  });

  it('is shared by processes without overlap', () => {
    const addresses = [0, 1, 2].flatMap((index) => {
      const range = new MulticastRange({
        range: '239.0.0.0/29',
        ...PORTS,
        shard: { index, count: 3 },
      });
      const own: string[] = [];
      try {
        for (let i = 0; ; i++) own.push(range.slot(`${index} ${i}`, all).address);
      } catch {
        return own;
      }
    });
    expect([addresses.length, new Set(addresses).size]).toEqual([8, 8]);
  });

  it.each([
    '239.0.0.0',
    '239.0.0.0/33',
    '239.0.0.0/3',
    '239.0.0.1/16',
    '10.0.0.0/8',
    '224.0.0.0/',
    'ff05::/16',
    '239.0.0.256/32',
    '',
  ])('is not %j', (range) => {
    expect(() => new MulticastRange({ range, ...PORTS })).toThrow(
      expect.objectContaining({ kind: 'invalid', code: 'rtsp/multicast-range' }),
    );
  });

  it.each([
    [20_001, 20_999],
    [20_000, 20_014],
    [65_000, 65_536],
  ])('has no ports from %i to %i', (firstPort, lastPort) => {
    expect(() => new MulticastRange({ range: '239.0.0.0/8', firstPort, lastPort })).toThrow(
      expect.objectContaining({ code: 'rtsp/multicast-ports' }),
    );
  });

  it('is refused, never crashes, whatever it says', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4Extended(), fc.ipV6()), fc.nat(40), (text, bits) => {
        for (const range of [text, `${text}/${bits}`]) {
          try {
            expect(new MulticastRange({ range, ...PORTS }).slot('a', none).address).toMatch(/^2/);
          } catch (error) {
            expect(error).toBeInstanceOf(NightjarError);
          }
        }
      }),
    );
  });
});
