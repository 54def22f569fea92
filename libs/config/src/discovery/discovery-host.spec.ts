import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NightjarError } from '@nightjar/common';
import { countAddresses, parseDiscoveryHost } from './discovery-host.js';

describe('a host of the unicast search', () => {
  it.each([
    ['192.168.1.0/24', 256],
    ['10.0.0.7', 1],
    ['fd00::20', 1],
    ['fd00::/120', 256],
    ['cam-1.lan', 1],
    ['http://10.0.0.7:8000/onvif/device_service', 1],
    ['http://[fe80::7%eth0]/onvif/device_service', 1],
  ])('%s is %d addresses', (text, count) => {
    expect(countAddresses(parseDiscoveryHost(text))).toBe(count);
  });

  it.each([
    ['10.0.0.0/8', /more than 65536/],
    ['fd00::/64', /more than 65536/],
    ['10.0.0.300', /expected an address/],
    ['cam 1', /expected an address/],
    ['http://admin:secret@10.0.0.7/', /holds no login/],
    ['', /expected an address/],
  ])('%s is refused', (text, message) => {
    expect(() => parseDiscoveryHost(text)).toThrow(message);
  });

  it('never fails otherwise than with a NightjarError', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(countAddresses(parseDiscoveryHost(text))).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(NightjarError);
        }
      }),
    );
  });
});
