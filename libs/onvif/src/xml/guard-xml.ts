import { NightjarError } from '@nightjar/common';

/** What a document may be at most. */
export interface XmlLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
  readonly maxElements: number;
  /** Whether prefixes may be undeclared; each is a namespace of its own then. Absent: no. */
  readonly undeclaredPrefixes?: boolean;
}

export const DEFAULT_XML_LIMITS: XmlLimits = {
  maxBytes: 256 * 1024,
  maxDepth: 48,
  maxElements: 10_000,
};

/** From `<` to `>`; a tag may have about a thousand attributes. */
const MAX_TAG_CHARS = 16 * 1024;

/** Sections that hold no elements: how they begin and end. */
const SECTIONS = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
] as const;

/**
 * Decodes a document and refuses what would cost too much, before any parser sees it: more bytes, elements or depth than
 * allowed, and every DOCTYPE, so that there are no entities but the five of XML itself.
 * @throws NightjarError `protocol`
 */
export function guardXml(document: Uint8Array, limits: XmlLimits): string {
  if (document.length > limits.maxBytes)
    throw refusal('too-large', `XML of ${document.length} bytes, ${limits.maxBytes} are allowed`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(document);
  } catch {
    throw refusal('encoding', 'XML that is not UTF-8');
  }
  measure(text, limits);
  return text;
}

function measure(text: string, { maxDepth, maxElements }: XmlLimits): void {
  let depth = 0;
  let elements = 0;
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at)) {
    const section = SECTIONS.find(([start]) => text.startsWith(start, at));
    if (section !== undefined) {
      at = endOf(text, section[1], at + section[0].length);
      continue;
    }
    if (text[at + 1] === '!') throw refusal('doctype', 'a DOCTYPE or entity is not allowed');
    const end = endOfTag(text, at);
    if (text[at + 1] === '/') depth -= 1;
    else {
      elements += 1;
      if (text[end - 2] !== '/') depth += 1;
      if (depth > maxDepth) throw refusal('too-deep', `XML deeper than ${maxDepth}`);
      if (elements > maxElements)
        throw refusal('too-many-elements', `XML of more than ${maxElements} elements`);
    }
    at = end;
  }
}

function endOf(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  if (at < 0) throw refusal('malformed', `XML without ${mark}`);
  return at + mark.length;
}

/** Behind the `>` that ends a tag; one inside quotes does not. */
function endOfTag(text: string, from: number): number {
  const limit = Math.min(text.length, from + MAX_TAG_CHARS);
  let quote = '';
  for (let at = from + 1; at < limit; at += 1) {
    const char = text[at]!;
    if (quote !== '') {
      if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '>') return at + 1;
  }
  throw refusal('malformed', 'an XML tag does not end');
}

function refusal(what: string, message: string): NightjarError {
  return new NightjarError('protocol', `onvif/xml-${what}`, message);
}
