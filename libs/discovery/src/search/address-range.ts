import { isIPv4 } from 'node:net';
import type { AddressRange } from '@nightjar/config';

/** Addresses of a network, without those of IPv4 that name the network itself and all in it. */
export function* addressesIn({ address, prefix, family }: AddressRange): Generator<string> {
  const bits = family === 'ipv4' ? 32 : 128;
  const size = 1n << BigInt(bits - prefix);
  const first = (valueOf(address) / size) * size;
  const skip = family === 'ipv4' && prefix < 31 ? 1n : 0n;
  for (let offset = skip; offset < size - skip; offset++) yield print(first + offset, family);
}

/** Whether a network holds an address. */
export function isIn({ address: base, prefix, family }: AddressRange, address: string): boolean {
  if (family !== (isIPv4(address) ? 'ipv4' : 'ipv6')) return false;
  const shift = BigInt((family === 'ipv4' ? 32 : 128) - prefix);
  return valueOf(address) >> shift === valueOf(base) >> shift;
}

function valueOf(address: string): bigint {
  if (isIPv4(address))
    return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const plain = dotted
    ? address.slice(0, dotted.index) +
      [1, 3].map((i) => (Number(dotted[i]) * 256 + Number(dotted[i + 1])).toString(16)).join(':')
    : address;
  const [head = '', tail] = plain.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [left, right] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from(
    { length: tail === undefined ? 0 : 8 - left.length - right.length },
    () => '0',
  );
  return [...left, ...zeros, ...right].reduce(
    (sum, group) => sum * 65_536n + BigInt(`0x${group}`),
    0n,
  );
}

function print(value: bigint, family: AddressRange['family']): string {
  const [parts, width, base] = family === 'ipv4' ? [4, 8n, 10] : [8, 16n, 16];
  const words = Array.from({ length: parts }, (_, index) =>
    ((value >> (width * BigInt(parts - 1 - index))) & ((1n << width) - 1n)).toString(base),
  );
  return words.join(family === 'ipv4' ? '.' : ':');
}
