import { expect, it } from '@jest/globals';
import { CameraSlots } from './camera-slots.js';

it('places are taken up to their number, and given back once', () => {
  let limit = 2;
  let refused = 0;
  const slots = new CameraSlots(
    () => limit,
    () => refused++,
  );
  const [first, second] = [slots.take(), slots.take()];
  expect([slots.take(), refused, slots.taken]).toEqual([undefined, 1, 2]);
  first?.();
  first?.();
  expect(slots.taken).toBe(1);
  limit = 1;
  expect(slots.take()).toBeUndefined();
  second?.();
  expect(slots.take()).toBeDefined();
});
