import type { DeviceSighting } from '@nightjar/catalog';
import { hostOfUrl } from '@nightjar/common';
import type { DiscoveryConfig } from '@nightjar/config';
import { cleanText } from '../untrusted.js';
import type { OpenOnvifClient } from '../client/onvif-client.js';
import { localInterfaces } from './interfaces.js';
import { searchByMulticast, type SearchWork } from './multicast-search.js';
import { searchByUnicast } from './unicast-search.js';

/** Looks for devices as the configuration says; resolves when no more answers are waited for. */
export type SearchNetwork = (config: DiscoveryConfig, work: SearchWork) => Promise<void>;

export function createNetworkSearch(open: OpenOnvifClient): SearchNetwork {
  return async ({ mode, interfaces, hosts, hostsPerSecond }, work) => {
    const multicast = mode === 'multicast' || mode === 'both';
    const unicast = mode === 'unicast' || mode === 'both';
    await Promise.all([
      multicast ? searchByMulticast(localInterfaces(interfaces), work) : undefined,
      unicast
        ? searchByUnicast(hosts, hostsPerSecond, (url) => askService(open, url), work)
        : undefined,
    ]);
  };
}

/** Who it is is no secret, nor is anything that it is asked for here: as by HTTP, and by WS-Discovery. */
const ANYBODY = { ca: undefined, fingerprint: undefined, insecure: true };

/** A device service that was declared: it needs no search, but a name. */
async function askService(open: OpenOnvifClient, url: string): Promise<DeviceSighting | undefined> {
  try {
    const told = cleanText(await open({ url, trust: ANYBODY }).identify());
    return {
      endpoint: told === undefined ? url : /^urn:/i.test(told) ? told : `urn:uuid:${told}`,
      address: hostOfUrl(url),
      serviceUrls: [url],
      scopes: [],
      name: undefined,
      hardware: undefined,
    };
  } catch {
    return undefined;
  }
}
