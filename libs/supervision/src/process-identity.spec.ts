import { expect, it } from '@jest/globals';
import { identityOf, isAlive, parseIdentity } from './process-identity.js';

it('knows this process, and no other of its number', () => {
  const mine = identityOf(process.pid);
  expect(isAlive(mine)).toBe(true);
  expect(parseIdentity(JSON.stringify(mine))).toEqual(mine);
  if (mine.started !== '') expect(isAlive({ ...mine, started: '1' })).toBe(false);
  expect(isAlive({ pid: 2 ** 30, started: '' })).toBe(false);
});

it.each(['', '{', '{"pid":"1"}', 'null', '{"started":"1"}'])('takes %j for nobody', (text) => {
  expect(parseIdentity(text)).toBeUndefined();
});
