import type { Device } from '@nightjar/catalog';
import type { AdoptRule } from '@nightjar/config';
import { isIn } from '../search/address-range.js';

/** What a rule asks of a device besides where it is. */
const TEXTS = ['make', 'model', 'serial'] as const;
const MAX_SERIAL_CHARS = 32;

type Matched = Pick<Device, 'addresses' | (typeof TEXTS)[number]>;

/**
 * Whether a rule is for a device.
 * @returns `unknown` while the device has not told all that the rule asks
 */
export function matchRule(rule: AdoptRule, device: Matched): 'yes' | 'no' | 'unknown' {
  const [address] = device.addresses;
  if (address === undefined || !rule.addresses.some((range) => isIn(range, address))) return 'no';
  const asked = TEXTS.filter((key) => rule[key] !== undefined);
  const isOther = asked.some((key) => {
    const told = device[key];
    return told !== undefined && !matchesPattern(rule[key] ?? '', told);
  });
  if (isOther) return 'no';
  return asked.some((key) => device[key] === undefined) ? 'unknown' : 'yes';
}

/**
 * Whether a text is as a pattern with `*` and `?` says; case does not matter. Takes time as the product of both lengths at
 * most.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  const [wanted, told] = [Array.from(pattern.toLowerCase()), Array.from(text.toLowerCase())];
  let [at, from, star, resume] = [0, 0, -1, 0];
  while (from < told.length) {
    if (wanted[at] === '*') {
      star = at++;
      resume = from;
    } else if (wanted[at] === '?' || wanted[at] === told[from]) {
      at += 1;
      from += 1;
    } else if (star >= 0) {
      at = star + 1;
      from = ++resume;
    } else return false;
  }
  while (wanted[at] === '*') at += 1;
  return at === wanted.length;
}

/** The name that a rule gives; of what the device says only letters and digits of ASCII are taken. May be no valid name. */
export function nameByRule(
  pattern: string,
  { id, addresses: [address = ''], serial = '' }: Pick<Device, 'id' | 'addresses' | 'serial'>,
): string {
  const places: Readonly<Record<string, string>> = {
    '{id}': String(id),
    '{address}': plain(address),
    '{serial}': plain(serial).slice(0, MAX_SERIAL_CHARS),
  };
  return pattern.replace(/\{(id|address|serial)\}/g, (place) => places[place] ?? '');
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
