import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PlayRequest } from '@nightjar/relay';
import { MAX_SCALE, MAX_SPEED, MIN_SCALE, MIN_SPEED, planOf, readsAs } from './play-plan.js';

const PLAIN: PlayRequest = {
  range: undefined,
  scale: undefined,
  speed: undefined,
  rateControl: undefined,
  frames: undefined,
  immediate: false,
  cseq: 0,
  required: [],
};
const INTRA = { kind: 'intra', minIntervalMs: 4_000 } as const;

describe('the plan of a PLAY', () => {
  it.each([
    ['nothing asked', {}, { kind: 'all' }],
    ['twice as fast', { scale: 2 }, { kind: 'all' }],
    ['faster', { scale: 2.5 }, { kind: 'keyframes', minIntervalMs: 500 }],
    ['backwards', { scale: -1 }, { kind: 'keyframes', minIntervalMs: 200 }],
    ['backwards, by ONVIF', { scale: -1, required: ['onvif-replay'] }, { kind: 'all' }],
    ['backwards, by one who knows ONVIF', { scale: -1, rateControl: 'no' }, { kind: 'all' }],
    [
      'backwards and fast',
      { scale: -2, required: ['onvif-replay'] },
      { kind: 'keyframes', minIntervalMs: 400 },
    ],
    ['intra with an interval', { frames: INTRA }, { kind: 'keyframes', minIntervalMs: 4_000 }],
    [
      'intra, faster than its interval allows',
      { frames: INTRA, scale: 64 },
      { kind: 'keyframes', minIntervalMs: 12_800 },
    ],
    ['predicted', { frames: { kind: 'predicted' } }, { kind: 'references' }],
    ['all', { frames: { kind: 'all' } }, { kind: 'all' }],
  ] as const)('%s', (_, headers, pictures) => {
    expect(planOf({ ...PLAIN, ...headers }, 'tcp').pictures).toEqual(pictures);
  });

  it('is within bounds whatever is asked', () => {
    const scale = fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .filter((value) => value !== 0);
    const speed = fc.double({ min: 0.001, noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(
        scale,
        speed,
        fc.constantFrom('yes', 'no', undefined),
        fc.constantFrom('tcp', 'udp'),
        (asked, max, rateControl, transport) => {
          const request = { ...PLAIN, scale: asked, speed: { min: max, max }, rateControl };
          const plan = planOf(request, transport);
          expect(plan.scale).toBeGreaterThanOrEqual(MIN_SCALE);
          expect(plan.scale).toBeLessThanOrEqual(MAX_SCALE);
          expect(plan.speed).toBeGreaterThanOrEqual(MIN_SPEED);
          expect(plan.speed).toBeLessThanOrEqual(MAX_SPEED);
          expect(plan.backward).toBe(asked < 0);
          if (!plan.paced) expect([plan.scale, transport]).toEqual([1, 'tcp']);
          if (transport === 'udp') expect(plan.speed).toBe(1);
          if (plan.sound) expect([plan.scale, plan.backward]).toEqual([1, false]);
          expect(readsAs(plan, plan)).toBe(true);
        },
      ),
    );
  });
});
