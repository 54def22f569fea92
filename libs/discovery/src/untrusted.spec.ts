import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cleanText } from './untrusted.js';

describe('text of a device', () => {
  it.each([
    ['  Front\r\nDoor\t', 'Front Door'],
    ['\u001b[31mred\u0007', '[31mred'],
    ['a\u202egnp.exe', 'a gnp.exe'],
    ['half \ud800 char', 'half char'],
    ['\u0000', undefined],
    [undefined, undefined],
  ])('%j is shown as %j', (text, shown) => {
    expect(cleanText(text)).toBe(shown);
  });

  it('is bounded and holds one line of what can be seen', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (text) => {
        const shown = cleanText(text, 40) ?? '';
        expect(Array.from(shown).length).toBeLessThanOrEqual(40);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cs}\u202a-\u202e]/u);
        expect(cleanText(shown, 40) ?? '').toBe(shown);
      }),
    );
  });
});
