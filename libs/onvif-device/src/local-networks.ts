import { BlockList, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** One address of this machine and its network. */
export interface LocalAddress {
  readonly interface: string;
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly prefix: number;
  readonly mac: string;
  /** Of IPv6 link-local addresses: index of the interface. */
  readonly scopeId: number;
}

/** Addresses of all interfaces that are up, or of those named; loopback only by name. */
export function localAddresses(only?: readonly string[]): LocalAddress[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).flatMap((one): LocalAddress[] => {
      const wanted = only === undefined ? !one.internal : only.includes(name);
      if (!wanted) return [];
      return [
        {
          interface: name,
          address: one.address,
          family: one.family === 'IPv6' ? 'ipv6' : 'ipv4',
          prefix: Number(one.cidr?.split('/')[1] ?? 32),
          mac: one.mac,
          scopeId: one.family === 'IPv6' ? one.scopeid : 0,
        },
      ];
    }),
  );
}

/** The local address on whose network this peer is; undefined when it is on none, so comes from elsewhere. */
export function onLinkAddress(
  peer: string,
  locals: readonly LocalAddress[],
): LocalAddress | undefined {
  const [address = '', zone] = peer.split('%');
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  return locals.find((local) => {
    if (local.family !== family || (zone !== undefined && local.interface !== zone)) return false;
    const network = new BlockList();
    network.addSubnet(local.address, local.prefix, local.family);
    return network.check(address, family);
  });
}
