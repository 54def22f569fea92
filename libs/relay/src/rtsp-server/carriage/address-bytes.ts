import { isIP } from 'node:net';

/** Bytes of an IP address, 4 or 16; `name` must be one. */
export function addressBytes(name: string): Buffer {
  if (isIP(name) === 4) return Buffer.from(name.split('.').map(Number));
  // URL knows how to write an IPv6 address out, but for the zeroes that `::` stands for.
  const [head = '', tail = ''] = new URL(`http://[${name}]`).hostname.slice(1, -1).split('::');
  const words = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((word) => Number.parseInt(word, 16));
  const [left, right] = [words(head), words(tail)];
  const zeroes = Array.from({ length: 8 - left.length - right.length }, () => 0);
  return Buffer.from([...left, ...zeroes, ...right].flatMap((word) => [word >> 8, word & 0xff]));
}

/** The IP address of 4 or 16 bytes. */
export function addressOf(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join('.');
  const words = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  return new URL(`http://[${words.join(':')}]`).hostname.slice(1, -1);
}
