import { SRTP_KEY_BYTES, SRTP_SALT_BYTES, type SrtpMasterKey } from '@nightjar/rtp';
import { ByteReader } from './byte-reader.js';
import {
  KEY_TEK,
  KEY_TEK_SALT,
  PAYLOAD,
  VALIDITY_INTERVAL,
  VALIDITY_NONE,
  VALIDITY_SPI,
  mikeyError,
  type CryptoSession,
  type MikeyMessage,
} from './message.js';
import { checkSuite } from './suite.js';

/** Longer than any message with one key; certificates, which would be, are not understood. */
const MAX_MESSAGE_BYTES = 4096;
const MAX_SESSIONS = 32;
const VERSION = 1;
/** Initiator's message of pre-shared key mode, RFC 3830 s.6.1. */
const PSK_INITIATOR = 0;
const MAP_SRTP = 0;
const PROTOCOL_SRTP = 0;
const NO_ENCRYPTION = 0;
const NO_MAC = 0;
/** RFC 3830 s.6.6, by type. */
const TIMESTAMP_BYTES: readonly number[] = [8, 8, 4];
/** RFC 3830 s.6.9, by algorithm. */
const VERIFICATION_BYTES: readonly number[] = [0, 20];

/**
 * Reads a MIKEY message (RFC 3830 s.6) that hands over a key of the suite that we have. Payloads that do not matter to
 * that are passed over; a policy may be missing, as in a message for another key of a known stream (s.4.5).
 * @throws NightjarError `protocol` with `where.status` 463
 */
export function decodeMikey(bytes: Buffer): MikeyMessage {
  if (bytes.length > MAX_MESSAGE_BYTES)
    throw mikeyError('long', 'the MIKEY message is too long', { bytes: bytes.length });
  const reader = new ByteReader(bytes);
  if (reader.uint8() !== VERSION) throw mikeyError('version', 'not version 1 of MIKEY');
  if (reader.uint8() !== PSK_INITIATOR)
    throw mikeyError('type', 'MIKEY not in pre-shared key mode');
  let next = reader.uint8();
  reader.uint8(); // Whether a verification is wanted, and the pseudo-random function for keys that are derived.
  const csbId = reader.uint32();
  const sessions = readSessions(reader);
  let key: SrtpMasterKey | undefined;
  while (next !== PAYLOAD.last) {
    const type = next;
    next = reader.uint8();
    const found = readPayload(type, reader);
    key ??= found;
  }
  if (key === undefined) throw mikeyError('no-key', 'the MIKEY message has no key');
  return { csbId, sessions, key };
}

function readSessions(reader: ByteReader): CryptoSession[] {
  const count = reader.uint8();
  const map = reader.uint8();
  if (count === 0) return [];
  if (map !== MAP_SRTP || count > MAX_SESSIONS)
    throw mikeyError('map', 'crypto sessions of MIKEY that are not understood', { map, count });
  return Array.from({ length: count }, () => ({
    policy: reader.uint8(),
    ssrc: reader.uint32(),
    roc: reader.uint32(),
  }));
}

/** Reads a payload behind its first byte. Returns the key if it holds one. */
function readPayload(type: number, reader: ByteReader): SrtpMasterKey | undefined {
  switch (type) {
    case PAYLOAD.kemac:
      return readKemac(reader);
    case PAYLOAD.timestamp:
      reader.take(bytesOf(TIMESTAMP_BYTES, reader.uint8()));
      return undefined;
    case PAYLOAD.rand:
      reader.take(reader.uint8());
      return undefined;
    case PAYLOAD.policy:
      readPolicy(reader);
      return undefined;
    case PAYLOAD.id:
    case PAYLOAD.extension:
      reader.uint8();
      reader.take(reader.uint16());
      return undefined;
    case PAYLOAD.verification:
      reader.take(bytesOf(VERIFICATION_BYTES, reader.uint8()));
      return undefined;
    default:
      throw mikeyError('payload', 'a MIKEY payload that is not understood', { type });
  }
}

function bytesOf(table: readonly number[], type: number): number {
  const bytes = table[type];
  if (bytes === undefined)
    throw mikeyError('field', 'a MIKEY field of a type that is not understood', { type });
  return bytes;
}

function readPolicy(reader: ByteReader): void {
  reader.uint8(); // Its number: all that we are sent must be ones that we can meet.
  const protocol = reader.uint8();
  const parameters = new ByteReader(reader.take(reader.uint16()));
  if (protocol !== PROTOCOL_SRTP)
    throw mikeyError('protocol', 'a MIKEY policy that is not for SRTP', { protocol });
  const values = new Map<number, number>();
  while (parameters.left > 0) {
    const type = parameters.uint8();
    const value = parameters.take(parameters.uint8());
    values.set(type, value.length === 0 ? 0 : value.readUIntBE(0, Math.min(value.length, 4)));
  }
  checkSuite(values);
}

function readKemac(reader: ByteReader): SrtpMasterKey {
  const encryption = reader.uint8();
  const keys = new ByteReader(reader.take(reader.uint16()));
  const mac = reader.uint8();
  if (encryption !== NO_ENCRYPTION || mac !== NO_MAC)
    throw mikeyError('kemac', 'a MIKEY key that is itself encrypted', { encryption, mac });
  // The type of what follows the first key; further keys are not looked at.
  keys.uint8();
  const types = keys.uint8();
  const [type, validity] = [types >> 4, types & 0x0f];
  const secret = keys.take(keys.uint16());
  const salt = type === KEY_TEK_SALT ? keys.take(keys.uint16()) : undefined;
  if (type !== KEY_TEK && type !== KEY_TEK_SALT)
    throw mikeyError('key-type', 'a MIKEY key that SRTP keys must be derived from', { type });
  return { ...splitKey(secret, salt), mki: readValidity(keys, validity) };
}

/** Key and salt stand one behind the other, or each for itself. */
function splitKey(secret: Buffer, salt: Buffer | undefined): { key: Buffer; salt: Buffer } {
  const all = salt === undefined ? secret : Buffer.concat([secret, salt]);
  if (all.length !== SRTP_KEY_BYTES + SRTP_SALT_BYTES)
    throw mikeyError('key-length', 'a MIKEY key of the wrong length', { bytes: all.length });
  return {
    key: Buffer.from(all.subarray(0, SRTP_KEY_BYTES)),
    salt: Buffer.from(all.subarray(SRTP_KEY_BYTES)),
  };
}

function readValidity(keys: ByteReader, validity: number): Buffer {
  switch (validity) {
    case VALIDITY_NONE:
      return Buffer.alloc(0);
    case VALIDITY_SPI:
      return Buffer.from(keys.take(keys.uint8()));
    case VALIDITY_INTERVAL:
      throw mikeyError('validity', 'a MIKEY key that holds for an interval only');
    default:
      throw mikeyError('validity', 'a MIKEY key whose validity is not understood', { validity });
  }
}
