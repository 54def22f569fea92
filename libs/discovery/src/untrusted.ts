/** Longest text of a device that is kept. */
const MAX_CHARS = 256;

/** Control characters, what turns the direction of writing, and half characters. */
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u2028\u2029]+/gu;

/**
 * Text of a device as it may be kept and shown: one line, bounded, nothing in it that a terminal or a page obeys.
 * @returns undefined when nothing is left
 */
export function cleanText(text: string | undefined, maxChars = MAX_CHARS): string | undefined {
  if (text === undefined) return undefined;
  // Cut first: what is replaced is bounded, too.
  const shown = text
    .slice(0, 4 * maxChars)
    .replace(UNSHOWABLE, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const cut = Array.from(shown).slice(0, maxChars).join('').trim();
  return cut === '' ? undefined : cut;
}
