import { isIP } from 'node:net';
import type { DeviceSighting } from '@nightjar/catalog';
import { splitZone } from '@nightjar/common';
import type { AddressRange } from '@nightjar/config';
import type { Endpoint } from '@nightjar/onvif';
import { cleanText } from '../untrusted.js';
import { isIn } from './address-range.js';
import { isLinkLocal } from './interfaces.js';

const MAX_SCOPES = 32;
const MAX_SERVICE_URLS = 8;
const DEFAULT_PATH = '/onvif/device_service';
const SCOPE = /^onvif:\/\/www\.onvif\.org\/(name|hardware)\/(.+)$/i;

/**
 * What an answer or announcement tells of a device. Its service is asked at the address that it was heard from and nowhere
 * else: what it says of its addresses may be wrong, or lead us to somebody else. Only who is heard from a link-local address,
 * as all are that answer over IPv6, is believed an address in the networks of that interface; who has none there is asked
 * at the link-local one, at that interface.
 * @param from address of the sender, a link-local one with its interface
 * @param networks of the interface that it was heard at
 * @returns undefined for what is no device that could be asked
 */
export function sightingOf(
  endpoint: Endpoint,
  from: string,
  networks: readonly AddressRange[],
): DeviceSighting | undefined {
  const reference = cleanText(endpoint.address);
  if (reference === undefined || reference !== endpoint.address) return undefined;
  const urls = endpoint.xAddrs.flatMap((text) => {
    const { url: plain } = splitZone(text);
    const url = URL.canParse(plain) ? new URL(plain) : undefined;
    return url === undefined || !/^https?:$/.test(url.protocol) ? [] : [url];
  });
  const believed = isLinkLocal(from)
    ? urls.map(addressOf).find((one) => isOnLink(one, networks))
    : undefined;
  const address = believed ?? from.replace(/^::ffff:(?=[\d.]+$)/, '');
  const host = address.includes(':') ? `[${address}]` : address;
  const own = believed === undefined ? urls : urls.filter((url) => addressOf(url) === believed);
  const serviceUrls =
    own.length > 0 ? own.map((url) => at(url, host)) : [`http://${host}${DEFAULT_PATH}`];
  const scopes = endpoint.scopes.flatMap((scope) => cleanText(scope) ?? []).slice(0, MAX_SCOPES);
  return {
    endpoint: reference,
    address,
    serviceUrls: [...new Set(serviceUrls)].slice(0, MAX_SERVICE_URLS),
    scopes,
    name: scopeValue(scopes, 'name'),
    hardware: scopeValue(scopes, 'hardware'),
  };
}

function addressOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function isOnLink(address: string, networks: readonly AddressRange[]): boolean {
  return (
    isIP(address) !== 0 && !isLinkLocal(address) && networks.some((range) => isIn(range, address))
  );
}

function at(url: URL, host: string): string {
  const port = url.port === '' ? '' : `:${url.port}`;
  return `${url.protocol}//${host}${port}${url.pathname}`.slice(0, 1_024);
}

/** ONVIF Core s.7.3.2.2: percent-encoded. */
function scopeValue(scopes: readonly string[], key: string): string | undefined {
  for (const scope of scopes) {
    const [, name, value] = SCOPE.exec(scope) ?? [];
    if (name?.toLowerCase() !== key || value === undefined) continue;
    try {
      return cleanText(decodeURIComponent(value), 64);
    } catch {
      return cleanText(value, 64);
    }
  }
  return undefined;
}
