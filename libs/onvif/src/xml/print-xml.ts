import type { QName, XmlElement } from './element.js';
import { NAMESPACES, prefixOf, type Prefix } from './namespaces.js';

/** Name with one of our prefixes. */
export type TagName = `${Prefix}:${string}`;

/** An element to be written. */
export interface XmlNode {
  readonly tag: TagName | `${string}:${string}`;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (XmlNode | string)[];
  /** Prefixes that text or attributes use. */
  readonly uses: readonly Prefix[];
}

/** What may be given as content: absent is left out, numbers and truth as XML Schema writes them. */
export type Content = XmlNode | string | number | boolean | undefined | readonly Content[];

/** An element of one of our namespaces with its content. */
export function xml(tag: TagName, ...content: readonly Content[]): XmlNode {
  return { tag, attributes: {}, children: flat(content), uses: [] };
}

/** The same element with attributes; those undefined are left out. */
export function withAttributes(
  node: XmlNode,
  attributes: Readonly<Record<string, string | number | boolean | undefined>>,
): XmlNode {
  const given = Object.entries(attributes).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as const],
  );
  return { ...node, attributes: { ...node.attributes, ...Object.fromEntries(given) } };
}

/** The same element, with prefixes that its text or attributes use. */
export function using(node: XmlNode, ...uses: readonly Prefix[]): XmlNode {
  return { ...node, uses: [...node.uses, ...uses] };
}

/** An element whose text is a list of QNames. Namespaces that we have no prefix for are declared on it. */
export function qnames(tag: TagName, names: readonly QName[]): XmlNode {
  const declared: Record<string, string> = {};
  const uses: Prefix[] = [];
  const words = names.map(({ namespace, name }) => {
    const known = prefixOf(namespace);
    if (known !== undefined) uses.push(known);
    if (namespace === '' || known !== undefined)
      return known === undefined ? name : `${known}:${name}`;
    const prefix =
      Object.entries(declared)
        .find(([, uri]) => uri === namespace)?.[0]
        .slice('xmlns:'.length) ?? `q${Object.keys(declared).length}`;
    declared[`xmlns:${prefix}`] = namespace;
    return `${prefix}:${name}`;
  });
  return { tag, attributes: declared, children: [words.join(' ')], uses };
}

/** An element that was read, to be written again, such as a reference parameter. Text comes before children. */
export function copyOf(element: XmlElement): XmlNode {
  const known = prefixOf(element.namespace);
  return {
    tag: `${known ?? 'c'}:${element.name}`,
    attributes: {
      ...(known === undefined && { 'xmlns:c': element.namespace }),
      ...Object.fromEntries(element.attributes),
    },
    children: [...(element.text === '' ? [] : [element.text]), ...element.children.map(copyOf)],
    uses: [],
  };
}

/** Writes a document in UTF-8. The prefixes of ours that occur are declared at the root. XML 1.0. */
export function printXml(root: XmlNode): string {
  const used = new Set<Prefix>();
  collect(root, used);
  const declarations = [...used].sort().map((prefix) => ` xmlns:${prefix}="${NAMESPACES[prefix]}"`);
  return `<?xml version="1.0" encoding="UTF-8"?>${print(root, declarations.join(''))}`;
}

function print({ tag, attributes, children }: XmlNode, declarations: string): string {
  const written = Object.entries(attributes).map(
    ([name, value]) => ` ${name}="${escapeXml(value)}"`,
  );
  const start = `<${tag}${declarations}${written.join('')}`;
  if (children.length === 0) return `${start}/>`;
  const content = children.map((child) =>
    typeof child === 'string' ? escapeXml(child) : print(child, ''),
  );
  return `${start}>${content.join('')}</${tag}>`;
}

function collect({ tag, attributes, children, uses }: XmlNode, into: Set<Prefix>): void {
  for (const name of [tag, ...Object.keys(attributes)]) {
    const prefix = name.slice(0, Math.max(name.indexOf(':'), 0));
    if (prefix in NAMESPACES) into.add(prefix as Prefix);
  }
  for (const prefix of uses) into.add(prefix);
  for (const child of children) if (typeof child !== 'string') collect(child, into);
}

function flat(content: readonly Content[]): (XmlNode | string)[] {
  return content.flatMap((one): (XmlNode | string)[] => {
    if (one === undefined) return [];
    if (Array.isArray(one)) return flat(one as readonly Content[]);
    return [typeof one === 'object' ? (one as XmlNode) : String(one)];
  });
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // A reader turns these into blanks or line feeds unless they are written as references. XML 1.0 s.2.11, s.3.3.3.
  '\r': '&#13;',
  '\n': '&#10;',
  '\t': '&#9;',
};

/** Characters that XML 1.0 cannot say at all become U+FFFD. XML 1.0 s.2.2. */
function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replace(/[&<>"\r\n\t]/g, (char) => ESCAPES[char]!);
}
