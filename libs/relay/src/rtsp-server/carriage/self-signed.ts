import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { addressBytes } from './address-bytes.js';
import {
  bits,
  context,
  objectId,
  octets,
  sequence,
  set,
  time,
  unsigned,
  utf8,
  yes,
} from './der.js';

const DAY_MS = 86_400_000;
/** Whoever pins the certificate of a recorder wants to do so once. */
export const SELF_SIGNED_DAYS = 3650;
/** A clock of a client may be a little behind. */
const EARLIER_MS = DAY_MS;
const SERIAL_BYTES = 16;

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
const KEY_USAGE = '2.5.29.15';
const ALTERNATIVE_NAMES = '2.5.29.17';
const BASIC_CONSTRAINTS = '2.5.29.19';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

/**
 * Makes a certificate that vouches for itself (RFC 5280), with a new P-256 key. For a first look, and for clients that pin
 * it; what others should trust comes from an authority.
 * @param names hosts and addresses it is good for; the first becomes the subject
 */
export function makeSelfSigned(
  names: readonly string[],
  nowMs: number,
  days = SELF_SIGNED_DAYS,
): { readonly cert: string; readonly key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = sequence(set(sequence(objectId(COMMON_NAME), utf8(names[0] ?? 'nightjar'))));
  const algorithm = sequence(objectId(ECDSA_WITH_SHA256));
  const serial = randomBytes(SERIAL_BYTES);
  serial[0]! &= 0x7f;
  const content = sequence(
    context(0, unsigned(Buffer.from([2]))),
    unsigned(serial),
    algorithm,
    subject,
    sequence(time(new Date(nowMs - EARLIER_MS)), time(new Date(nowMs + days * DAY_MS))),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    context(3, extensions(names)),
  );
  const certificate = sequence(content, algorithm, bits(sign('sha256', content, privateKey)));
  return {
    cert: pem('CERTIFICATE', certificate),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** Names and addresses under which this machine may be reached. */
export function namesOfThisMachine(): string[] {
  const addresses = Object.values(networkInterfaces())
    .flatMap((of) => of ?? [])
    // Link-local ones need a zone, which no certificate can name.
    .filter(({ address }) => !/^(?:fe80:|169\.254\.)/i.test(address))
    .map(({ address }) => address);
  return [...new Set([hostname(), 'localhost', ...addresses])];
}

function extensions(names: readonly string[]): Buffer {
  const critical = (id: string, value: Buffer): Buffer =>
    sequence(objectId(id), yes(), octets(value));
  return sequence(
    critical(BASIC_CONSTRAINTS, sequence()),
    // digitalSignature, the first of nine bits.
    critical(KEY_USAGE, bits(Buffer.from([0x80]), 7)),
    sequence(objectId(EXTENDED_KEY_USAGE), octets(sequence(objectId(SERVER_AUTH)))),
    sequence(objectId(ALTERNATIVE_NAMES), octets(sequence(...names.map(alternativeName)))),
  );
}

/** RFC 5280 s.4.2.1.6: dNSName is [2], iPAddress is [7]. */
function alternativeName(name: string): Buffer {
  return isIP(name) === 0
    ? context(2, Buffer.from(name), false)
    : context(7, addressBytes(name), false);
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
