import { createHmac, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { plainAddress } from '@nightjar/access';
import { NightjarError } from '@nightjar/common';
import { addressBytes, addressOf } from './address-bytes.js';

/**
 * Who is behind a connection that another process of ours passes on, told by the PROXY protocol, version 2
 * (haproxy.org, proxy-protocol.txt s.2.2), and proved: the last TLV, of a type left to the application, is a MAC over
 * all before it. Whoever can reach the port could else say that it is somebody else.
 *
 *    0               12  13  14      16                       length + 16
 *   +----------------+---+---+-------+-----------+------+-----+-----+
 *   | signature      |21 |fam| length| addresses | port | SSL | MAC |
 *   +----------------+---+---+-------+-----------+------+-----+-----+
 */
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const FIXED_BYTES = 16;
const VERSION_AND_COMMAND = 0x21;
/** Family and transport by the length of an address: TCP over IPv4 or IPv6. */
const FAMILIES: Readonly<Record<number, number>> = { 4: 0x11, 16: 0x21 };
const TYPE_SSL = 0x20;
const TYPE_MAC = 0xe0;
const CLIENT_SSL = 0x01;
/** `client`, and `verify`, which is not 0 as no certificate of the client was looked at. */
const SSL_BYTES = 5;
const TLV_HEAD_BYTES = 3;
const MAC_BYTES = 32;

/** Who opened the connection that is passed on. */
export interface Client {
  /** IP address. */
  readonly address: string;
  /** Whether its bytes come through TLS. */
  readonly secure: boolean;
}

/** The header that goes before what is passed on. @param key secret of this installation */
export function printProxyHeader({ address, secure }: Client, key: Buffer): Buffer {
  const from = addressBytes(plainAddress(address));
  const tlvs = Buffer.alloc(TLV_HEAD_BYTES + SSL_BYTES);
  tlvs[0] = TYPE_SSL;
  tlvs.writeUInt16BE(SSL_BYTES, 1);
  tlvs[3] = secure ? CLIENT_SSL : 0;
  tlvs.writeUInt32BE(1, 4);
  const head = Buffer.alloc(FIXED_BYTES);
  SIGNATURE.copy(head);
  head[12] = VERSION_AND_COMMAND;
  head[13] = FAMILIES[from.length]!;
  // Where it was going to, and the ports, matter to nobody.
  const rest = Buffer.concat([from, Buffer.alloc(from.length + 4), tlvs]);
  head.writeUInt16BE(rest.length + TLV_HEAD_BYTES + MAC_BYTES, 14);
  const content = Buffer.concat([head, rest, Buffer.from([TYPE_MAC, 0, MAC_BYTES])]);
  return Buffer.concat([content, macOf(content, key)]);
}

/**
 * Reads the header at the beginning of `bytes`; `length` is where what is passed on begins.
 * @throws NightjarError `protocol` when it is none of ours, `forbidden` when it was made with another key
 */
export function readProxyHeader(
  bytes: Buffer,
  key: Buffer,
): { readonly client: Client; readonly length: number } | 'more' {
  const begun = Math.min(bytes.length, SIGNATURE.length);
  if (!bytes.subarray(0, begun).equals(SIGNATURE.subarray(0, begun))) throw malformed();
  if (bytes.length < FIXED_BYTES) return 'more';
  const addressLength = [4, 16].find((length) => FAMILIES[length] === bytes[13]);
  if (bytes[12] !== VERSION_AND_COMMAND || addressLength === undefined) throw malformed();
  const length = FIXED_BYTES + bytes.readUInt16BE(14);
  const tlvsAt = FIXED_BYTES + 2 * addressLength + 4;
  const macAt = tlvsAt + TLV_HEAD_BYTES + SSL_BYTES;
  if (length !== macAt + TLV_HEAD_BYTES + MAC_BYTES) throw malformed();
  if (bytes.length < length) return 'more';
  if (bytes[tlvsAt] !== TYPE_SSL || bytes[macAt] !== TYPE_MAC) throw malformed();
  const content = bytes.subarray(0, length - MAC_BYTES);
  if (!timingSafeEqual(bytes.subarray(content.length, length), macOf(content, key)))
    throw new NightjarError('forbidden', 'relay/proxy-key', 'passed on by nobody that is known');
  const address = addressOf(bytes.subarray(FIXED_BYTES, FIXED_BYTES + addressLength));
  const secure = (bytes[tlvsAt + TLV_HEAD_BYTES]! & CLIENT_SSL) !== 0;
  return { client: { address, secure }, length };
}

/** Whether `address` can be told. */
export function canBeTold(address: string): boolean {
  return isIP(plainAddress(address)) !== 0;
}

/** The key is used for signed URLs too: what is made for one means nothing to the other. */
function macOf(content: Buffer, key: Buffer): Buffer {
  return createHmac('sha256', key).update('nightjar proxy header\n').update(content).digest();
}

function malformed(): NightjarError {
  return new NightjarError('protocol', 'relay/proxy-header', 'no PROXY header of ours');
}
