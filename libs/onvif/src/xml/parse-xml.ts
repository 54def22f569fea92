import { messageOf, NightjarError } from '@nightjar/common';
import sax, { type QualifiedTag } from 'sax';
import { XmlElement } from './element.js';
import { DEFAULT_XML_LIMITS, guardXml, type XmlLimits } from './guard-xml.js';

// `strictEntities`, which knows the five entities of XML alone, is missing in the types.
const OPTIONS = { xmlns: true, strictEntities: true, position: false } as const;

/** What the parser says of a prefix that was not declared. */
const UNDECLARED = /^Unbound namespace prefix/;

/**
 * Reads one document, strictly: well-formed, UTF-8, every prefix declared unless the limits say otherwise, no DOCTYPE. Comments and processing instructions
 * are skipped; of an attribute that is there twice, one counts. XML 1.0, Namespaces in XML 1.0.
 * @throws NightjarError `protocol` (`onvif/xml-...`)
 */
export function parseXml(document: Uint8Array, limits: XmlLimits = DEFAULT_XML_LIMITS): XmlElement {
  const text = guardXml(document, limits);
  const open: XmlElement[] = [];
  let root: XmlElement | undefined;
  const parser = sax.parser(true, OPTIONS);
  const append = (data: string): void => {
    const element = open.at(-1);
    if (element !== undefined) element.text += data;
  };
  Object.assign(parser, {
    onerror: (error: Error) => {
      if (limits.undeclaredPrefixes !== true || !UNDECLARED.test(error.message)) throw error;
      parser.resume();
    },
    onopentag: (tag: QualifiedTag) => {
      if (root !== undefined && open.length === 0) throw new Error('two roots');
      const element = elementOf(tag);
      open.at(-1)?.children.push(element);
      root ??= element;
      open.push(element);
    },
    onclosetag: () => open.pop(),
    ontext: append,
    oncdata: append,
  });
  try {
    parser.write(text).close();
  } catch (error) {
    // The parser quotes the document line by line; its first line says what is wrong.
    throw malformed(messageOf(error).split('\n')[0] ?? '');
  }
  if (root === undefined) throw malformed('no element');
  return root;
}

function elementOf(tag: QualifiedTag): XmlElement {
  const attributes = new Map<string, string>();
  for (const { local, prefix, name, value } of Object.values(tag.attributes)) {
    if (prefix !== 'xmlns' && name !== 'xmlns') attributes.set(local, value);
  }
  const { ns } = tag;
  // The parser keeps prefixes in an object whose prototypes are the scopes around it.
  const namespaceOf = (prefix: string): string | undefined => {
    const found: unknown = ns[prefix];
    return typeof found === 'string' ? found : undefined;
  };
  return new XmlElement(tag.uri, tag.local, attributes, namespaceOf);
}

function malformed(reason: string): NightjarError {
  return new NightjarError('protocol', 'onvif/xml-malformed', `XML is malformed: ${reason}`);
}
