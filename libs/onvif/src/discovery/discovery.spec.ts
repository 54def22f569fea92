import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import { NAMESPACES } from '../xml/namespaces.js';
import { matchesProbe } from './match-probe.js';
import {
  NETWORK_VIDEO_TRANSMITTER,
  ONVIF_DEVICE,
  type DiscoveryMessage,
  type Endpoint,
  type Probe,
} from './messages.js';
import { parseDiscovery } from './parse-discovery.js';
import { printDiscovery } from './print-discovery.js';

const PROBE: Probe = {
  kind: 'probe',
  messageId: 'urn:uuid:1',
  types: [NETWORK_VIDEO_TRANSMITTER],
  scopes: [],
};

const word = fc.stringMatching(/^[!-~\u00e4\u4e2d]{1,40}$/);
const ncname = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,20}$/);
const namespace = fc.oneof(fc.constantFrom(NAMESPACES.dn, NAMESPACES.tds), fc.webUrl());
const types = fc.array(fc.record({ namespace, name: ncname }), { maxLength: 4 });
const words = fc.array(word, { maxLength: 4 });
const counter = fc.nat(4_294_967_295);
const endpoint: fc.Arbitrary<Endpoint> = fc.record({
  address: word,
  types,
  scopes: words,
  xAddrs: words,
  metadataVersion: counter,
});
const sequence = fc.record({ instanceId: counter, messageNumber: counter });
const maybe = <T extends object>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(shape, { requiredKeys: [] });

const message: fc.Arbitrary<DiscoveryMessage> = fc
  .tuple(
    fc.record({ messageId: word }),
    fc.record({ relatesTo: word }),
    maybe({ sequence }),
    fc.oneof(
      fc
        .tuple(fc.record({ types, scopes: words }), word, fc.boolean())
        .map(([criteria, matchBy, has]) => ({
          kind: 'probe' as const,
          ...criteria,
          ...(has && criteria.scopes.length > 0 && { matchBy }),
        })),
      fc.record({ kind: fc.constant('resolve' as const), address: word }),
      fc.record({ kind: fc.constant('bye' as const), address: word }),
      fc.record({ kind: fc.constant('hello' as const), endpoint }),
      fc.record({
        kind: fc.constant('probe-matches' as const),
        matches: fc.array(endpoint, { maxLength: 3 }),
      }),
      fc.record(
        { kind: fc.constant('resolve-matches' as const), match: endpoint },
        { requiredKeys: ['kind'] },
      ),
    ),
  )
  .map(([id, related, numbered, content]): DiscoveryMessage => {
    switch (content.kind) {
      case 'probe':
      case 'resolve':
        return { ...id, ...content };
      case 'bye':
      case 'hello':
        return { ...id, ...numbered, ...content };
      case 'probe-matches':
      case 'resolve-matches':
        return { ...id, ...related, ...numbered, ...(content as object) } as DiscoveryMessage;
    }
  });

describe('messages of WS-Discovery', () => {
  it('are read back as they were written', () => {
    fc.assert(
      fc.property(message, (one) => {
        expect(parseDiscovery(printDiscovery(one))).toEqual(one);
      }),
    );
  });

  it('are read from a camera that uses other prefixes and SOAP headers of its own', () => {
    const wire = `<?xml version="1.0" encoding="utf-8"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:n="http://www.onvif.org/ver10/network/wsdl">
<SOAP-ENV:Header><a:MessageID>uuid:7</a:MessageID><a:RelatesTo> urn:uuid:1 </a:RelatesTo><a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</a:Action><d:AppSequence InstanceId="4" MessageNumber="x"/></SOAP-ENV:Header>
<SOAP-ENV:Body><d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:cam</a:Address></a:EndpointReference>
<d:Types>n:NetworkVideoTransmitter undeclared:Device</d:Types><d:Scopes>
  onvif://www.onvif.org/name/Front%20door   onvif://www.onvif.org/type/ptz
</d:Scopes><d:XAddrs>http://192.168.1.9/onvif/device_service http://[fe80::1]/onvif/device_service</d:XAddrs><d:MetadataVersion>10</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>`;
    expect(parseDiscovery(Buffer.from(wire))).toEqual({
      kind: 'probe-matches',
      messageId: 'uuid:7',
      relatesTo: 'urn:uuid:1',
      matches: [
        {
          address: 'urn:uuid:cam',
          types: [NETWORK_VIDEO_TRANSMITTER],
          scopes: ['onvif://www.onvif.org/name/Front%20door', 'onvif://www.onvif.org/type/ptz'],
          xAddrs: [
            'http://192.168.1.9/onvif/device_service',
            'http://[fe80::1]/onvif/device_service',
          ],
          metadataVersion: 10,
        },
      ],
    });
  });

  it('are bounded in what they bring', () => {
    const many = { ...PROBE, scopes: Array.from({ length: 500 }, (_, i) => `onvif://${i}`) };
    const long = { ...PROBE, scopes: ['x'.repeat(2000), 'onvif://a'] };
    expect((parseDiscovery(printDiscovery(many)) as Probe).scopes).toHaveLength(128);
    expect((parseDiscovery(printDiscovery(long)) as Probe).scopes).toEqual(['onvif://a']);
  });

  it.each([
    ['no message', '', 'onvif/xml-malformed'],
    ['another envelope', '<a/>', 'onvif/soap-envelope'],
    [
      'another body',
      printDiscovery(PROBE).toString().replaceAll('wsd:Probe', 'wsad:Probe'),
      'onvif/discovery',
    ],
    [
      'no MessageID',
      printDiscovery(PROBE).toString().replaceAll('wsad:MessageID', 'wsad:X'),
      'onvif/discovery',
    ],
    [
      'an empty address',
      printDiscovery({ kind: 'bye', messageId: 'm', address: '' }).toString(),
      'onvif/discovery',
    ],
  ])('are refused for %s', (_name, wire, code) => {
    expect(() => parseDiscovery(Buffer.from(wire))).toThrow(expect.objectContaining({ code }));
  });

  it('let nothing but our errors out when they were damaged on the way', () => {
    fc.assert(
      fc.property(
        message,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }),
        (one, hits) => {
          const wire = printDiscovery(one);
          for (const [at, byte] of hits) wire[at % wire.length] = byte;
          try {
            parseDiscovery(wire);
          } catch (error) {
            expect(error).toBeInstanceOf(NightjarError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('matchesProbe', () => {
  const device: Endpoint = {
    address: 'urn:uuid:1',
    types: [NETWORK_VIDEO_TRANSMITTER, ONVIF_DEVICE],
    scopes: ['onvif://www.onvif.org/Profile/Streaming', 'onvif://www.onvif.org/name/a/b'],
    xAddrs: [],
    metadataVersion: 1,
  };
  const probe = (over: Partial<Probe>): boolean => matchesProbe({ ...PROBE, ...over }, device);

  it.each<[string, Partial<Probe>, boolean]>([
    ['no types', { types: [] }, true],
    ['both types', { types: [NETWORK_VIDEO_TRANSMITTER, ONVIF_DEVICE] }, true],
    ['a printer', { types: [{ namespace: 'urn:print', name: 'Device' }] }, false],
    ['a scope', { scopes: ['onvif://www.onvif.org/name/a/b'] }, true],
    [
      'the beginning of a scope, case of scheme and host aside',
      { scopes: ['ONVIF://WWW.onvif.org/name/a/'] },
      true,
    ],
    ['half a segment', { scopes: ['onvif://www.onvif.org/Profile/Stream'] }, false],
    [
      'one scope too many',
      { scopes: ['onvif://www.onvif.org/name', 'onvif://www.onvif.org/x'] },
      false,
    ],
    ['a dot segment', { scopes: ['onvif://www.onvif.org/Profile/../name'] }, false],
    ['no URI', { scopes: ['name'] }, false],
    [
      'text, equal',
      { scopes: ['onvif://www.onvif.org/name/a/b'], matchBy: `${NAMESPACES.wsd}/strcmp0` },
      true,
    ],
    [
      'text, its beginning',
      { scopes: ['onvif://www.onvif.org/name/a'], matchBy: `${NAMESPACES.wsd}/strcmp0` },
      false,
    ],
    [
      'a rule that nobody knows',
      { scopes: ['onvif://www.onvif.org/name'], matchBy: 'urn:x' },
      false,
    ],
  ])('%s', (_name, over, expected) => {
    expect(probe(over)).toBe(expected);
  });
});
