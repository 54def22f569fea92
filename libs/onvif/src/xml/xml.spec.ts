import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import type { XmlElement } from './element.js';
import { DEFAULT_XML_LIMITS } from './guard-xml.js';
import { parseXml } from './parse-xml.js';
import { copyOf, printXml, qnames, using, withAttributes, xml, type XmlNode } from './print-xml.js';

const parse = (text: string): XmlElement => parseXml(Buffer.from(text));

function codeOf(text: string | Buffer): string | undefined {
  try {
    parseXml(Buffer.from(text as string));
    return undefined;
  } catch (error) {
    return error instanceof NightjarError ? error.code : `not ours: ${String(error)}`;
  }
}

describe('parseXml', () => {
  it('resolves names, whatever the prefixes', () => {
    const root = parse(
      '\ufeff<?xml version="1.0"?><a:r xmlns:a="urn:1" xmlns="urn:2"><b c="1" a:d="2"/><e xmlns="">t<![CDATA[<u>]]>&amp;&#65;</e></a:r>',
    );
    expect(root.is('urn:1', 'r')).toBe(true);
    expect(root.child('b')?.namespace).toBe('urn:2');
    expect([...(root.child('b')?.attributes ?? [])]).toEqual([
      ['c', '1'],
      ['d', '2'],
    ]);
    expect(root.child('e')?.namespace).toBe('');
    expect(root.textAt('e')).toBe('t<u>&A');
    expect(root.child('b')?.qname('a:x')).toEqual({ namespace: 'urn:1', name: 'x' });
    expect(root.child('e')?.qname('x')).toEqual({ namespace: '', name: 'x' });
    expect(root.qname('no:x')).toBeUndefined();
    expect(root.qname('toString:x')).toBeUndefined();
  });

  it.each<[string, string | Buffer, string]>([
    ['entities that multiply', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 'doctype'],
    ['a DOCTYPE behind a comment', '<!-- x --><!DOCTYPE a SYSTEM "http://h/"><a/>', 'doctype'],
    ['an entity nobody declared', '<a>&nbsp;</a>', 'malformed'],
    ['depth', '<a>'.repeat(49) + '</a>'.repeat(49), 'too-deep'],
    ['many elements', `<a>${'<b/>'.repeat(10_000)}</a>`, 'too-many-elements'],
    ['size', `<a>${' '.repeat(256 * 1024)}</a>`, 'too-large'],
    ['a tag of many attributes', `<a ${'b="" '.repeat(4000)}/>`, 'malformed'],
    ['another encoding', Buffer.from('<a>\u00e4</a>', 'latin1'), 'encoding'],
    ['UTF-16', Buffer.from('\ufeff<a/>', 'utf16le'), 'encoding'],
    ['tags that cross', '<a><b></a></b>', 'malformed'],
    ['a prefix that nobody declared', '<a:b/>', 'malformed'],
    ['two roots', '<a/><b/>', 'malformed'],
    ['no root', '<!-- -->', 'malformed'],
    ['half a document', '<a><b', 'malformed'],
    ['a comment that never ends', '<a><!-- ', 'malformed'],
  ])('refuses %s', (_name, document, code) => {
    expect(codeOf(document)).toBe(`onvif/xml-${code}`);
  });

  it('lets nothing but our errors out', () => {
    const piece = fc.oneof(
      fc.constantFrom('<', '>', '/>', '</a>', '<a>', '<a:b xmlns:a="u"', '="', "'", '<!--', '-->'),
      fc.constantFrom(
        '<![CDATA[',
        ']]>',
        '<?x',
        '?>',
        '&',
        '&#0;',
        '&amp;',
        ' xmlns="',
        '<!D',
        ':',
      ),
      fc.constantFrom('__proto__', 'constructor', 'hasOwnProperty', ' xmlns:__proto__="a"'),
      fc.string({ maxLength: 4, unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        expect(codeOf(pieces.join('')) ?? '').not.toMatch(/^not ours/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a prefix that is not declared', () => {
  const document = Buffer.from('<a xmlns="u"><p:b p:c="1">x</p:b></a>');

  it('is an error, unless the limits say otherwise', () => {
    expect(() => parseXml(document)).toThrow('Unbound namespace prefix');
    const lenient = { ...DEFAULT_XML_LIMITS, undeclaredPrefixes: true };
    expect(parseXml(document, lenient).child('b')).toMatchObject({ namespace: 'p', text: 'x' });
    expect(() => parseXml(Buffer.from('<p:a><b></p:a>'), lenient)).toThrow('malformed');
  });
});

describe('printXml', () => {
  it('declares what occurs, at the root', () => {
    const node = xml(
      'tds:Hostname',
      undefined,
      [xml('tt:FromDHCP', false)],
      withAttributes(xml('tt:Name', 'a "<&> b'), { x: 1, y: undefined }),
      using(xml('tt:Type', 'dn:NetworkVideoTransmitter'), 'dn'),
      qnames('tt:Other', [
        { namespace: 'urn:1', name: 'a' },
        { namespace: 'http://www.onvif.org/ver10/topics', name: 'b' },
        { namespace: 'urn:1', name: 'c' },
      ]),
    );
    expect(printXml(node)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>' +
        '<tds:Hostname xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:tns1="http://www.onvif.org/ver10/topics" xmlns:tt="http://www.onvif.org/ver10/schema">' +
        '<tt:FromDHCP>false</tt:FromDHCP><tt:Name x="1">a &quot;&lt;&amp;&gt; b</tt:Name>' +
        '<tt:Type>dn:NetworkVideoTransmitter</tt:Type>' +
        '<tt:Other xmlns:q0="urn:1">q0:a tns1:b q0:c</tt:Other></tds:Hostname>',
    );
  });

  it('is read back as it was written, whatever the text', () => {
    const tag = fc.constantFrom('tt:A' as const, 'tds:B' as const, 'wsnt:C' as const);
    // Characters that XML cannot say are replaced; all others survive.
    const text = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .map((s) => s.replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '?'));
    const { tree } = fc.letrec<{ tree: XmlNode }>((tie) => ({
      tree: fc
        .tuple(
          tag,
          fc.dictionary(fc.constantFrom('a', 'b'), text),
          fc.oneof(
            { depthSize: 'small', withCrossShrink: true },
            fc.array(text, { maxLength: 1 }),
            fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
          ),
        )
        .map(([name, attributes, content]) => withAttributes(xml(name, content), attributes)),
    }));
    fc.assert(
      fc.property(tree, (node) => {
        const wire = printXml(node);
        expect(printXml(copyOf(parse(wire)))).toBe(wire);
      }),
    );
  });

  it('replaces what XML cannot say', () => {
    expect(parse(printXml(xml('tt:A', 'a\u0000b\ud800c'))).text).toBe('a\ufffdb\ufffdc');
  });
});
