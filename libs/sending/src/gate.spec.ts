import { expect, it } from '@jest/globals';
import { Gate } from './gate.js';

it('lets who comes pass while it is open, and all who wait once it is opened', async () => {
  const gate = new Gate();
  await gate.passed();
  expect([gate.shut(), gate.shut(), gate.isShut]).toEqual([true, false, true]);
  const passed: string[] = [];
  const both = ['one', 'two'].map(async (name) => {
    await gate.passed();
    passed.push(name);
  });
  await Promise.resolve();
  expect(passed).toEqual([]);
  gate.open();
  gate.open();
  await Promise.all(both);
  expect([passed, gate.isShut]).toEqual([['one', 'two'], false]);
});
