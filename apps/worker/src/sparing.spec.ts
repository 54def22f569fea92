import { expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { sparing } from './sparing.js';

it('passes the first reason on and then one per interval', () => {
  const clock = new ManualClock();
  const said: string[] = [];
  const say = sparing(clock, 1_000, (reason) => said.push(reason));
  say('a');
  say('b');
  clock.advance(1_000);
  say('c');
  say('d');
  expect(said).toEqual(['a', 'c']);
});
