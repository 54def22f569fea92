import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseSeekStyle } from './seek-style.js';

it.each([
  ['RAP', 'RAP'],
  [' corap ', 'CoRAP'],
  ['First-Prior', 'First-Prior'],
  ['next', 'Next'],
  ['Nearest', undefined],
  ['', undefined],
  ['RAP, Next', undefined],
])('reads Seek-Style: %j as %s', (value, style) => {
  expect(parseSeekStyle(value)).toBe(style);
});

it('never throws at a Seek-Style', () => {
  fc.assert(fc.property(fc.string(), (value) => void parseSeekStyle(value)));
});
