import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseAddressRange } from '@nightjar/config';
import { printDiscovery, type Endpoint } from '@nightjar/onvif';
import { addressesIn, isIn } from './address-range.js';
import { localInterfaces } from './interfaces.js';
import { Probes } from './probes.js';
import { sightingOf } from './sighting.js';

const endpoint = (over: Partial<Endpoint> = {}): Endpoint => ({
  address: 'urn:uuid:1419d68a-1dd2-11b2-a105-000000000000',
  types: [],
  scopes: ['onvif://www.onvif.org/name/Front%20Door', 'onvif://www.onvif.org/hardware/X%ZZ'],
  xAddrs: ['http://10.0.0.7:8000/onvif/device_service'],
  metadataVersion: 1,
  ...over,
});

describe('a sighting', () => {
  it('tells name and hardware as the scopes have them', () => {
    expect(sightingOf(endpoint(), '10.0.0.7', [])).toEqual({
      endpoint: 'urn:uuid:1419d68a-1dd2-11b2-a105-000000000000',
      address: '10.0.0.7',
      serviceUrls: ['http://10.0.0.7:8000/onvif/device_service'],
      scopes: endpoint().scopes,
      name: 'Front Door',
      hardware: 'X%ZZ',
    });
  });

  it('asks where the device was heard from, whatever it says', () => {
    const xAddrs = ['http://169.254.169.254/latest', 'http://127.0.0.1:9464/x', 'file:///etc'];
    expect(sightingOf(endpoint({ xAddrs }), '10.0.0.7', [])?.serviceUrls).toEqual([
      'http://10.0.0.7/latest',
      'http://10.0.0.7:9464/x',
    ]);
    expect(sightingOf(endpoint({ xAddrs: [] }), 'fd00::7', [])?.serviceUrls).toEqual([
      'http://[fd00::7]/onvif/device_service',
    ]);
  });

  it('from a link-local address believes an address of the same link alone', () => {
    const networks = [parseAddressRange('fd00::1/64'), parseAddressRange('10.0.0.1/24')];
    const seen = (xAddrs: string[]) => sightingOf(endpoint({ xAddrs }), 'fe80::7%eth0', networks);
    expect(
      seen(['http://[fd01::7]/a', 'http://[fe80::7]/b', 'http://[fd00::7]:81/c']),
    ).toMatchObject({
      address: 'fd00::7',
      serviceUrls: ['http://[fd00::7]:81/c'],
    });
    for (const elsewhere of [
      ['http://8.8.8.8/a', 'http://cam.lan/a'],
      ['http://[fe80::7%25wlan0]/a'],
    ])
      expect(seen(elsewhere)).toMatchObject({
        address: 'fe80::7%eth0',
        serviceUrls: ['http://[fe80::7%eth0]/a'],
      });
  });

  it('does not know a reference that cannot be shown', () => {
    expect(sightingOf(endpoint({ address: 'urn:\u202euuid' }), '10.0.0.7', [])).toBeUndefined();
  });
});

describe('the questions of a search', () => {
  it('take answers to themselves alone', () => {
    const probes = new Probes();
    const ids = probes.datagrams.map((one) => /urn:uuid:[0-9a-f-]{36}/.exec(one.toString())?.[0]);
    const answer = (relatesTo: string): Buffer =>
      printDiscovery({
        kind: 'probe-matches',
        messageId: 'urn:uuid:answer',
        relatesTo,
        matches: [endpoint()],
      });
    expect(new Set(ids).size).toBe(2);
    expect(probes.answered(answer(ids[1]!), '10.0.0.7', [])).toHaveLength(1);
    expect(probes.answered(answer('urn:uuid:other'), '10.0.0.7', [])).toEqual([]);
    expect(probes.answered(Buffer.from('<garbage'), '10.0.0.7', [])).toEqual([]);
    expect(probes.answered(probes.datagrams[0]!, '10.0.0.7', [])).toEqual([]);
  });
});

describe('the addresses of a network', () => {
  it.each([
    ['192.168.1.5/30', ['192.168.1.5', '192.168.1.6']],
    ['10.0.0.255', ['10.0.0.255']],
    ['10.0.0.6/31', ['10.0.0.6', '10.0.0.7']],
    ['fd00::ff/127', ['fd00:0:0:0:0:0:0:fe', 'fd00:0:0:0:0:0:0:ff']],
    ['::ffff:10.0.0.1', ['0:0:0:0:0:ffff:a00:1']],
  ])('%s are %j', (range, addresses) => {
    expect([...addressesIn(parseAddressRange(range))]).toEqual(addresses);
  });

  it('are all in it', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 24, max: 32 }), (address, prefix) => {
        const range = parseAddressRange(`${address}/${prefix}`);
        const all = [...addressesIn(range)];
        expect(all.every((one) => isIn(range, one))).toBe(true);
        expect(isIn(range, address)).toBe(true);
        expect(all.length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('the interfaces of this machine', () => {
  it('are those named, with the address of each family', () => {
    const v4 = { family: 'IPv4' as const, netmask: '', mac: '', internal: false };
    const v6 = { family: 'IPv6' as const, netmask: '', mac: '', internal: false, scopeid: 2 };
    const all = {
      eth0: [
        { ...v4, address: '10.0.0.1', cidr: '10.0.0.1/24' },
        { ...v6, address: 'fd00::1', cidr: 'fd00::1/64' },
        { ...v6, address: 'fe80::1', cidr: 'fe80::1/64' },
      ],
      wlan0: [{ ...v4, address: '10.0.1.1', cidr: '10.0.1.1/24' }],
    };
    expect(localInterfaces(['eth0'], all)).toMatchObject([
      { name: 'eth0', family: 'ipv4', address: '10.0.0.1' },
      { name: 'eth0', family: 'ipv6', address: 'fe80::1' },
    ]);
    expect(localInterfaces(undefined, all).map(({ name }) => name)).toContain('wlan0');
  });
});
