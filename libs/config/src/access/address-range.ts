import { isIP } from 'node:net';
import { NightjarError } from '@nightjar/common';

/** Addresses that begin with the same bits; RFC 4632 s.3.1, RFC 4291 s.2.3. */
export interface AddressRange {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

export const ADDRESS_RANGE_HELP =
  'expected an address or a network, as 192.168.1.20, 10.0.0.0/8 or fd00::/8';

const RANGE = /^([0-9A-Fa-f:.]{2,45})(?:\/(\d{1,3}))?$/;
const BITS = { ipv4: 32, ipv6: 128 } as const;

/**
 * A single address is a network of one.
 * @throws NightjarError `config/address-range`
 */
export function parseAddressRange(text: string): AddressRange {
  const match = RANGE.exec(text);
  const version = isIP(match?.[1] ?? '');
  if (match?.[1] === undefined || version === 0) throw bad(ADDRESS_RANGE_HELP);
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const prefix = match[2] === undefined ? BITS[family] : Number(match[2]);
  if (prefix > BITS[family])
    throw bad(`the prefix of an ${family} network is 0 to ${BITS[family]}`);
  return { address: match[1], prefix, family };
}

function bad(message: string): NightjarError {
  return new NightjarError('invalid', 'config/address-range', message);
}
