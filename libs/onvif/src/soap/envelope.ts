import { NightjarError } from '@nightjar/common';
import type { XmlElement } from '../xml/element.js';
import { DEFAULT_XML_LIMITS, type XmlLimits } from '../xml/guard-xml.js';
import { NAMESPACES } from '../xml/namespaces.js';
import { parseXml } from '../xml/parse-xml.js';
import { printXml, xml, type XmlNode } from '../xml/print-xml.js';

/** Media type of SOAP 1.2 over HTTP. RFC 3902. */
export const SOAP_MEDIA_TYPE = 'application/soap+xml';

/** A SOAP message that was read. */
export interface Envelope {
  readonly headers: readonly XmlElement[];
  /** The one element of the body. ONVIF messages are document/literal: never several. */
  readonly body: XmlElement;
}

/**
 * Reads a SOAP 1.2 envelope. SOAP 1.2 part 1 s.5.1.
 * @throws NightjarError `protocol`: `onvif/xml-...`, or `onvif/soap-...` for XML that is no envelope
 */
export function parseEnvelope(
  document: Uint8Array,
  limits: XmlLimits = DEFAULT_XML_LIMITS,
): Envelope {
  const root = parseXml(document, limits);
  if (root.name === 'Envelope' && root.namespace !== NAMESPACES.s)
    throw new NightjarError('protocol', 'onvif/soap-version', 'not SOAP 1.2');
  if (root.name !== 'Envelope')
    throw new NightjarError('protocol', 'onvif/soap-envelope', 'not a SOAP envelope');
  const body = root.child('Body', NAMESPACES.s)?.children ?? [];
  if (body[0] === undefined || body.length > 1)
    throw new NightjarError('protocol', 'onvif/soap-body', 'a SOAP body has one element here');
  return { headers: root.child('Header', NAMESPACES.s)?.children ?? [], body: body[0] };
}

/** Writes a SOAP 1.2 envelope. */
export function printEnvelope(body: XmlNode, headers: readonly XmlNode[] = []): string {
  return printXml(
    xml(
      's:Envelope',
      headers.length > 0 ? xml('s:Header', headers) : undefined,
      xml('s:Body', body),
    ),
  );
}
