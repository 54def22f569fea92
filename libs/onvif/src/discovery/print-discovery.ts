import { printEnvelope } from '../soap/envelope.js';
import { NAMESPACES } from '../xml/namespaces.js';
import { qnames, withAttributes, xml, type Content, type XmlNode } from '../xml/print-xml.js';
import { DISCOVERY_NAMES, type DiscoveryMessage, type Endpoint } from './messages.js';

const TO_ALL = 'urn:schemas-xmlsoap-org:ws:2005:04:discovery';
const ANONYMOUS = `${NAMESPACES.wsad}/role/anonymous`;

/** Writes one datagram of WS-Discovery 2005/04 with addressing 2004/08, as ONVIF has it. ONVIF Core s.7. */
export function printDiscovery(message: DiscoveryMessage): Buffer {
  const name = DISCOVERY_NAMES[message.kind];
  const relatesTo = 'relatesTo' in message ? message.relatesTo : undefined;
  const sequence = 'sequence' in message ? message.sequence : undefined;
  const headers = [
    mustUnderstand(xml('wsad:Action', `${NAMESPACES.wsd}/${name}`)),
    xml('wsad:MessageID', message.messageId),
    ...(relatesTo === undefined ? [] : [xml('wsad:RelatesTo', relatesTo)]),
    mustUnderstand(xml('wsad:To', relatesTo === undefined ? TO_ALL : ANONYMOUS)),
    ...(sequence === undefined
      ? []
      : [
          withAttributes(xml('wsd:AppSequence'), {
            InstanceId: sequence.instanceId,
            MessageNumber: sequence.messageNumber,
          }),
        ]),
  ];
  return Buffer.from(printEnvelope(xml(`wsd:${name}`, contentOf(message)), headers), 'utf8');
}

function mustUnderstand(node: XmlNode): XmlNode {
  return withAttributes(node, { 's:mustUnderstand': 'true' });
}

function contentOf(message: DiscoveryMessage): Content {
  switch (message.kind) {
    case 'probe':
      return [
        message.types.length > 0 ? qnames('wsd:Types', message.types) : undefined,
        message.scopes.length > 0
          ? withAttributes(xml('wsd:Scopes', message.scopes.join(' ')), {
              MatchBy: message.matchBy,
            })
          : undefined,
      ];
    case 'probe-matches':
      return message.matches.map((match) => xml('wsd:ProbeMatch', endpoint(match)));
    case 'resolve':
    case 'bye':
      return reference(message.address);
    case 'resolve-matches':
      return message.match && xml('wsd:ResolveMatch', endpoint(message.match));
    case 'hello':
      return endpoint(message.endpoint);
  }
}

function reference(address: string): XmlNode {
  return xml('wsad:EndpointReference', xml('wsad:Address', address));
}

function endpoint({ address, types, scopes, xAddrs, metadataVersion }: Endpoint): Content {
  return [
    reference(address),
    types.length > 0 ? qnames('wsd:Types', types) : undefined,
    scopes.length > 0 ? xml('wsd:Scopes', scopes.join(' ')) : undefined,
    xAddrs.length > 0 ? xml('wsd:XAddrs', xAddrs.join(' ')) : undefined,
    xml('wsd:MetadataVersion', metadataVersion),
  ];
}
