import { isIPv6 } from 'node:net';
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import { parseAddressRange, type AddressRange } from '@nightjar/config';

/** One address family of one network interface. */
export interface LocalInterface {
  readonly name: string;
  readonly family: 'ipv4' | 'ipv6';
  /** Ours there; of IPv6 the link-local one, for the group is link-local too. Without a zone. */
  readonly address: string;
  /** What is reached through it without a router. */
  readonly networks: readonly AddressRange[];
}

/**
 * The interfaces of this machine that can be searched.
 * @param only names; undefined: all
 */
export function localInterfaces(
  only: readonly string[] | undefined,
  all: NodeJS.Dict<NetworkInterfaceInfo[]> = networkInterfaces(),
): LocalInterface[] {
  return Object.entries(all).flatMap(([name, addresses = []]) => {
    if (only !== undefined && !only.includes(name)) return [];
    const ipv4 = addresses.find(({ family }) => family === 'IPv4');
    const ipv6 = addresses.find(({ family, address }) => family === 'IPv6' && isLinkLocal(address));
    const networks = addresses.flatMap(({ cidr }) =>
      cidr === null ? [] : [parseAddressRange(cidr)],
    );
    return [
      ...(ipv4 ? [{ name, family: 'ipv4' as const, address: ipv4.address, networks }] : []),
      ...(ipv6 ? [{ name, family: 'ipv6' as const, address: ipv6.address, networks }] : []),
    ];
  });
}

/** Whether an address means something only together with an interface. RFC 4291 s.2.5.6. */
export function isLinkLocal(address: string): boolean {
  return isIPv6(address.replace(/%.*$/, '')) && /^fe[89ab]/i.test(address);
}
