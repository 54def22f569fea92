import { isIPv4 } from 'node:net';
import { AF_INET } from './libc.js';

/** `struct sockaddr_in` of an IPv4 address and port, or undefined for anything else. */
export function socketAddress(address: string, port: number): Buffer | undefined {
  if (!isIPv4(address)) return undefined;
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(address.split('.').map(Number), 4);
  return bytes;
}
