import { isIP, type Socket } from 'node:net';
import type { AllowList } from '@nightjar/access';
import type { Client } from '@nightjar/relay';
import type { HttpRequestHead } from '@nightjar/rtsp';

/**
 * Who is behind a connection of HTTP: whoever opened it, and where that is a proxy that is believed, whoever it names.
 * @param proxies undefined: none is believed
 */
export function clientOf(
  { remoteAddress = '' }: Pick<Socket, 'remoteAddress'>,
  { headers }: HttpRequestHead,
  proxies: AllowList | undefined,
): Client {
  const hops = (headers.get('X-Forwarded-For') ?? '').split(',').map((hop) => hop.trim());
  let address = remoteAddress;
  for (let hop = hops.pop(); hop !== undefined && isIP(hop) !== 0; hop = hops.pop()) {
    if (proxies?.allows(address) !== true) break;
    address = hop;
  }
  const secure =
    proxies?.allows(remoteAddress) === true &&
    headers.get('X-Forwarded-Proto')?.toLowerCase() === 'https';
  return { address, secure };
}
