import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { AddressRange } from '@nightjar/config';

/** The address as its own family has it: without zone, and IPv4 not wrapped in IPv6 (RFC 4291 s.2.5.5.2). */
export function plainAddress(address: string): string {
  const bare = address.replace(/%.*$/, '');
  const wrapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  return wrapped ?? bare;
}

/** Whether both are the same host, however written. */
export function sameAddress(a: string, b: string): boolean {
  return plainAddress(a) === plainAddress(b);
}

/**
 * What counts as one client: an IPv4 address, or the /64 that an IPv6 host may choose its addresses from (RFC 4291
 * s.2.5.1). Of what is no address, the text.
 */
export function clientKey(address: string): string {
  const plain = plainAddress(address);
  if (isIPv4(plain) || !isIPv6(plain)) return plain;
  const [left = '', right] = plain.toLowerCase().split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const missing = right === undefined ? 0 : 8 - head.length - groupsOf(tail);
  const groups = [...head, ...Array.from({ length: Math.max(0, missing) }, () => '0'), ...tail];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}

/** An IPv4 address at the end stands for two groups. */
function groupsOf(tail: readonly string[]): number {
  return tail.length + (tail.at(-1)?.includes('.') === true ? 1 : 0);
}

/** Addresses that may pass; undefined ranges let all pass. */
export class AllowList {
  private readonly list: BlockList | undefined;

  constructor(ranges: readonly AddressRange[] | undefined) {
    if (ranges === undefined) return;
    this.list = new BlockList();
    for (const { address, prefix, family } of ranges) this.list.addSubnet(address, prefix, family);
  }

  allows(address: string): boolean {
    if (this.list === undefined) return true;
    const plain = plainAddress(address);
    if (isIPv4(plain)) return this.list.check(plain, 'ipv4');
    return isIPv6(plain) && this.list.check(plain, 'ipv6');
  }
}
