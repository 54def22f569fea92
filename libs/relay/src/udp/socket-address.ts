import { isIPv4, isIPv6 } from 'node:net';
import { AF_INET, AF_INET6 } from '../libc.js';

export type AddressFamily = typeof AF_INET | typeof AF_INET6;

/** What precedes an IPv4 address in IPv6 form, RFC 4291 s.2.5.5.2. */
const MAPPED = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);

/** The family of a numeric address, or undefined for a host name. */
export function familyOf(address: string): AddressFamily | undefined {
  if (isIPv4(address)) return AF_INET;
  return isIPv6(address) ? AF_INET6 : undefined;
}

/**
 * `struct sockaddr_in` or `sockaddr_in6` of a numeric address, for a socket of the given family. Undefined for what such
 * a socket cannot reach, for host names, and for addresses with a zone, whose number only the system knows.
 */
export function socketAddress(
  address: string,
  port: number,
  family: AddressFamily,
): Buffer | undefined {
  const known = familyOf(address);
  if (family === AF_INET) {
    if (known !== AF_INET) return undefined;
    const bytes = Buffer.alloc(16);
    bytes.writeUInt16LE(AF_INET, 0);
    bytes.writeUInt16BE(port, 2);
    bytes.set(octets(address), 4);
    return bytes;
  }
  if (known === undefined || address.includes('%')) return undefined;
  const bytes = Buffer.alloc(28);
  bytes.writeUInt16LE(AF_INET6, 0);
  bytes.writeUInt16BE(port, 2);
  if (known === AF_INET) {
    bytes.set(MAPPED, 8);
    bytes.set(octets(address), 20);
  } else {
    const [head = '', tail] = address.split('::');
    bytes.set(groups(head), 8);
    const end = groups(tail ?? '');
    bytes.set(end, 24 - end.length);
  }
  return bytes;
}

/** Whether two socket addresses have one family, address and port; flow label and zone do not count. */
export function isSamePeer(a: Buffer, b: Buffer): boolean {
  if (a.length !== b.length || a.compare(b, 0, 4, 0, 4) !== 0) return false;
  const [start, end] = a.length === 16 ? [4, 8] : [8, 24];
  return a.compare(b, start, end, start, end) === 0;
}

function octets(address: string): number[] {
  return address.split('.').map(Number);
}

/** The bytes of colon-separated groups, the last of which may be an IPv4 address. */
function groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return octets(group);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
