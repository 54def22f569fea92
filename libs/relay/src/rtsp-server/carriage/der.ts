/** Writers of the few ASN.1 types that a certificate is made of, in DER (ITU-T X.690). */

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;
const FIRST_GENERALIZED_YEAR = 2050;

/** Any value by its tag. */
export function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

export const sequence = (...parts: readonly Buffer[]): Buffer => tagged(TAG.sequence, ...parts);
export const set = (...parts: readonly Buffer[]): Buffer => tagged(TAG.set, ...parts);
export const octets = (content: Buffer): Buffer => tagged(TAG.octetString, content);
export const utf8 = (text: string): Buffer => tagged(TAG.utf8String, Buffer.from(text));
export const yes = (): Buffer => tagged(TAG.boolean, Buffer.from([0xff]));

/** `[number]` around a value, or in place of its tag when `constructed` is false. */
export function context(number: number, content: Buffer, constructed = true): Buffer {
  return tagged((constructed ? 0xa0 : 0x80) | number, content);
}

/** A number that is not negative, big endian. */
export function unsigned(bytes: Buffer): Buffer {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from += 1;
  const shortest = bytes.subarray(from);
  return tagged(TAG.integer, ...(shortest[0]! > 0x7f ? [Buffer.alloc(1), shortest] : [shortest]));
}

/** @param unusedBits at the end of the last byte */
export function bits(content: Buffer, unusedBits = 0): Buffer {
  return tagged(TAG.bitString, Buffer.from([unusedBits]), content);
}

/** `1.2.840.10045.4.3.2` */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const septets = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) septets.unshift((left & 0x7f) | 0x80);
    return septets;
  });
  return tagged(TAG.objectId, Buffer.from(bytes));
}

/** A moment, to the second, in the form that RFC 5280 s.4.1.2.5 wants for its year. */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < FIRST_GENERALIZED_YEAR
    ? tagged(TAG.utcTime, Buffer.from(digits.slice(2)))
    : tagged(TAG.generalizedTime, Buffer.from(digits));
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  return length < 0x100
    ? Buffer.from([0x81, length])
    : Buffer.from([0x82, length >> 8, length & 0xff]);
}
