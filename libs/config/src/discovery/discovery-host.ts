import { NightjarError, splitZone, withZone } from '@nightjar/common';
import { parseAddressRange, type AddressRange } from '../access/address-range.js';

/** Where the unicast search asks. */
export type DiscoveryHost =
  | { readonly kind: 'network'; readonly range: AddressRange }
  | { readonly kind: 'name'; readonly host: string }
  /** Of a device service, which is asked by HTTP. Without userinfo. */
  | { readonly kind: 'url'; readonly url: string };

/** Addresses that all entries together may name: at the default rate they take 22 minutes. */
export const MAX_DISCOVERY_ADDRESSES = 65_536;

const HOST_HELP =
  'expected an address, a network such as 192.168.1.0/24, a host name, or the http:// URL of a device service';
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})?(\.[a-z0-9_]([a-z0-9_-]{0,62})?)*$/i;

/** @throws NightjarError `config/discovery-host` */
export function parseDiscoveryHost(text: string): DiscoveryHost {
  if (/^https?:/i.test(text)) return { kind: 'url', url: serviceUrl(text) };
  if (/^[\d.]+(\/|$)|:|\//.test(text)) {
    const range = parseAddressRange(text);
    if (addressesOf(range) > MAX_DISCOVERY_ADDRESSES)
      throw bad(`holds more than ${MAX_DISCOVERY_ADDRESSES} addresses`);
    return { kind: 'network', range };
  }
  if (!HOST_NAME.test(text)) throw bad(HOST_HELP);
  return { kind: 'name', host: text };
}

/** How many addresses an entry stands for. */
export function countAddresses(host: DiscoveryHost): number {
  return host.kind === 'network' ? addressesOf(host.range) : 1;
}

function addressesOf({ family, prefix }: AddressRange): number {
  return 2 ** ((family === 'ipv4' ? 32 : 128) - prefix);
}

function serviceUrl(text: string): string {
  const { url: plain, zone } = splitZone(text);
  if (!URL.canParse(plain)) throw bad(HOST_HELP);
  const url = new URL(plain);
  if (url.username !== '' || url.password !== '')
    throw bad('the URL of a device service holds no login');
  return withZone(url.href, zone);
}

function bad(message: string): NightjarError {
  return new NightjarError('invalid', 'config/discovery-host', message);
}
