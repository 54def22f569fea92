/** Sections of an SDP text: the session part and one part per `m=` line, as normalized lines. */
export interface SdpSections {
  readonly session: readonly string[];
  readonly media: readonly (readonly string[])[];
}

/** More lines than any camera sends; the rest is not looked at. */
const MAX_LINES = 4096;
const MAX_MEDIA = 32;
const TYPED_LINE = /^\s*([a-z])\s*=(.*)$/;

/**
 * Splits a text into sections, forgiving line ends, blank lines, stray white space and lines that are
 * not SDP. Media beyond the 32nd are left out.
 */
export function splitSections(text: string): SdpSections {
  const session: string[] = [];
  const media: string[][] = [];
  let current = session;
  for (const line of text.split(/\r\n|\r|\n/, MAX_LINES)) {
    const match = TYPED_LINE.exec(line);
    if (match === null) continue;
    const type = match[1]!;
    const value = match[2]!.trim();
    if (type === 'm') {
      current = [];
      media.push(current);
    }
    current.push(type === 'm' ? `m=${mediaLine(value)}` : `${type}=${value}`);
  }
  return { session, media: media.slice(0, MAX_MEDIA) };
}

/** Without the number of ports (RFC 8866 s.5.14), which the library has no place for. */
function mediaLine(value: string): string {
  return value.replace(/\s+/g, ' ').replace(/^(\S+ \d+)\/\d+ /, '$1 ');
}

/** Values of the attribute `a=<name>:<value>` in these lines, trimmed. */
export function attributeValues(lines: readonly string[], name: string): string[] {
  const start = `a=${name}:`;
  return lines
    .filter((line) => line.toLowerCase().startsWith(start))
    .map((line) => line.slice(start.length).trim());
}
