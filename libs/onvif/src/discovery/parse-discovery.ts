import { NightjarError } from '@nightjar/common';
import { parseEnvelope, type Envelope } from '../soap/envelope.js';
import type { QName, XmlElement } from '../xml/element.js';
import { NAMESPACES } from '../xml/namespaces.js';
import type { XmlLimits } from '../xml/guard-xml.js';
import {
  DISCOVERY_NAMES,
  type AppSequence,
  type DiscoveryMessage,
  type Endpoint,
} from './messages.js';

const LIMITS: XmlLimits = { maxBytes: 65_535, maxDepth: 16, maxElements: 512 };
const MAX_WORDS = 128;
const MAX_WORD_CHARS = 1024;
const MAX_MATCHES = 32;

/** WS-Discovery 1.1, which some devices speak although ONVIF asks for 2005/04. */
const DISCOVERY_1_1 = 'http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01';

/**
 * Reads one datagram. Types whose prefix is not declared are left out, lists and words are bounded.
 * @throws NightjarError `protocol` for anything that is no message of WS-Discovery
 */
export function parseDiscovery(datagram: Uint8Array): DiscoveryMessage {
  const envelope = parseEnvelope(datagram, LIMITS);
  const { body } = envelope;
  if (body.namespace !== NAMESPACES.wsd && body.namespace !== DISCOVERY_1_1)
    throw malformed('not a message of WS-Discovery');
  const messageId = word(header(envelope, 'MessageID')?.text, 'MessageID');
  const announcement = { messageId, ...sequenceOf(envelope) };
  switch (body.name) {
    case DISCOVERY_NAMES.probe:
      return { kind: 'probe', messageId, ...criteriaOf(body) };
    case DISCOVERY_NAMES['probe-matches']: {
      const matches = body.childrenNamed('ProbeMatch').slice(0, MAX_MATCHES).map(endpointOf);
      return { kind: 'probe-matches', ...announcement, relatesTo: relatesTo(envelope), matches };
    }
    case DISCOVERY_NAMES.resolve:
      return { kind: 'resolve', messageId, address: addressOf(body) };
    case DISCOVERY_NAMES['resolve-matches']: {
      const match = body.child('ResolveMatch');
      return {
        kind: 'resolve-matches',
        ...announcement,
        relatesTo: relatesTo(envelope),
        ...(match && { match: endpointOf(match) }),
      };
    }
    case DISCOVERY_NAMES.hello:
      return { kind: 'hello', ...announcement, endpoint: endpointOf(body) };
    case DISCOVERY_NAMES.bye:
      return { kind: 'bye', ...announcement, address: addressOf(body) };
    default:
      throw malformed('not a message of WS-Discovery');
  }
}

function header({ headers }: Envelope, name: string): XmlElement | undefined {
  return headers.find((one) => one.name === name);
}

function relatesTo(envelope: Envelope): string {
  return word(header(envelope, 'RelatesTo')?.text, 'RelatesTo');
}

function sequenceOf(envelope: Envelope): { sequence?: AppSequence } {
  const attributes = header(envelope, 'AppSequence')?.attributes;
  const instanceId = counter(attributes?.get('InstanceId'));
  const messageNumber = counter(attributes?.get('MessageNumber'));
  if (instanceId === undefined || messageNumber === undefined) return {};
  return { sequence: { instanceId, messageNumber } };
}

function criteriaOf(body: XmlElement): {
  types: QName[];
  scopes: string[];
  matchBy?: string;
} {
  const scopes = body.child('Scopes');
  const matchBy = scopes?.attributes.get('MatchBy')?.slice(0, MAX_WORD_CHARS);
  return {
    types: typesOf(body),
    scopes: wordsOf(scopes),
    ...(matchBy !== undefined && { matchBy }),
  };
}

function endpointOf(element: XmlElement): Endpoint {
  return {
    address: addressOf(element),
    types: typesOf(element),
    scopes: wordsOf(element.child('Scopes')),
    xAddrs: wordsOf(element.child('XAddrs')),
    metadataVersion: counter(element.textAt('MetadataVersion')) ?? 0,
  };
}

function addressOf(element: XmlElement): string {
  return word(element.textAt('EndpointReference', 'Address'), 'EndpointReference');
}

function typesOf(element: XmlElement): QName[] {
  const types = element.child('Types');
  return wordsOf(types).flatMap((name) => types?.qname(name) ?? []);
}

function wordsOf(element: XmlElement | undefined): string[] {
  const words = element?.text.split(/[ \t\r\n]+/) ?? [];
  return words.filter((one) => one !== '' && one.length <= MAX_WORD_CHARS).slice(0, MAX_WORDS);
}

function word(text: string | undefined, what: string): string {
  const trimmed = text?.trim() ?? '';
  if (trimmed === '' || trimmed.length > MAX_WORD_CHARS) throw malformed(`no usable ${what}`);
  return trimmed;
}

function counter(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

function malformed(message: string): NightjarError {
  return new NightjarError('protocol', 'onvif/discovery', message);
}
