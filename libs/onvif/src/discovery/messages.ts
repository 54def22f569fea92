import type { QName } from '../xml/element.js';
import { NAMESPACES } from '../xml/namespaces.js';

/** UDP port and groups of WS-Discovery. WS-Discovery 2005/04 s.2.4. */
export const DISCOVERY_PORT = 3702;
export const DISCOVERY_GROUP_IPV4 = '239.255.255.250';
export const DISCOVERY_GROUP_IPV6 = 'ff02::c';

/** What ONVIF devices say they are. ONVIF Core s.7.3.2. */
export const NETWORK_VIDEO_TRANSMITTER: QName = {
  namespace: NAMESPACES.dn,
  name: 'NetworkVideoTransmitter',
};
export const ONVIF_DEVICE: QName = { namespace: NAMESPACES.tds, name: 'Device' };

/** A device as it tells of itself. */
export interface Endpoint {
  /** Names the device whatever its addresses, mostly `urn:uuid:...`. */
  readonly address: string;
  readonly types: readonly QName[];
  readonly scopes: readonly string[];
  /** Where it answers, as it believes. */
  readonly xAddrs: readonly string[];
  readonly metadataVersion: number;
}

/** Tells messages of one start of a device apart. WS-Discovery s.7 */
export interface AppSequence {
  /** Grows with every start. */
  readonly instanceId: number;
  readonly messageNumber: number;
}

interface Message {
  readonly messageId: string;
}

interface Answer extends Message {
  /** {@link Message.messageId} of the question. */
  readonly relatesTo: string;
  readonly sequence?: AppSequence;
}

interface Announcement extends Message {
  readonly sequence?: AppSequence;
}

/** Asks who is there. */
export interface Probe extends Message {
  readonly kind: 'probe';
  /** Only devices of all these types; empty = of any. */
  readonly types: readonly QName[];
  /** Only devices that have all these scopes. */
  readonly scopes: readonly string[];
  /** URI of the rule that compares scopes; undefined = by RFC 3986. */
  readonly matchBy?: string;
}

export interface ProbeMatches extends Answer {
  readonly kind: 'probe-matches';
  readonly matches: readonly Endpoint[];
}

/** Asks for the addresses of a device. */
export interface Resolve extends Message {
  readonly kind: 'resolve';
  readonly address: string;
}

export interface ResolveMatches extends Answer {
  readonly kind: 'resolve-matches';
  readonly match?: Endpoint;
}

/** A device has come, or has changed. */
export interface Hello extends Announcement {
  readonly kind: 'hello';
  readonly endpoint: Endpoint;
}

/** A device goes. */
export interface Bye extends Announcement {
  readonly kind: 'bye';
  readonly address: string;
}

export type DiscoveryMessage = Probe | ProbeMatches | Resolve | ResolveMatches | Hello | Bye;

/** Name of the element in the body and end of the action URI. */
export const DISCOVERY_NAMES = {
  probe: 'Probe',
  'probe-matches': 'ProbeMatches',
  resolve: 'Resolve',
  'resolve-matches': 'ResolveMatches',
  hello: 'Hello',
  bye: 'Bye',
} as const satisfies Record<DiscoveryMessage['kind'], string>;
