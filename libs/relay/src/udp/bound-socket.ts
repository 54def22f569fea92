import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  libc,
  type Libc,
} from '../libc.js';
import { familyOf, socketAddress, type AddressFamily } from './socket-address.js';

export interface BoundSocket {
  readonly socket: Socket;
  /** Undefined where the descriptor is not ours to know. */
  readonly fd: number | undefined;
  readonly family: AddressFamily | undefined;
}

export interface BindOptions {
  /** The descriptor is made by us, where that is possible, so that it is known. */
  readonly native: boolean;
  /** Others on this machine may be bound to the same: to a multicast group, whose packets all of them get. */
  readonly shared?: boolean;
  /** The kernel may grant less. */
  readonly sendBufferBytes?: number;
  readonly receiveBufferBytes?: number;
}

/** A UDP socket on `port` (0: any). Undefined when the port is taken or may not be had. */
export async function bindUdp(
  host: string,
  port: number,
  options: BindOptions,
): Promise<BoundSocket | undefined> {
  const family = familyOf(host);
  const socket = createSocket({
    type: host.includes(':') ? 'udp6' : 'udp4',
    reuseAddr: options.shared === true,
    // Peers are numeric addresses: answering at once keeps the send in this turn of the event loop.
    lookup: (address, options, done) =>
      done(null, address, typeof options === 'object' ? (options.family as number) : 4),
  });
  const fd =
    options.native && libc !== undefined && family !== undefined
      ? openDescriptor(libc, host, port, family, options)
      : undefined;
  try {
    const listening = once(socket, 'listening');
    if (fd === undefined) socket.bind(port, host);
    else socket.bind({ fd });
    await listening;
    const { sendBufferBytes, receiveBufferBytes } = options;
    if (fd === undefined && sendBufferBytes !== undefined)
      socket.setSendBufferSize(sendBufferBytes);
    if (fd === undefined && receiveBufferBytes !== undefined)
      socket.setRecvBufferSize(receiveBufferBytes);
    return { socket, fd, family };
  } catch {
    socket.close();
    return undefined;
  }
}

/** A bound descriptor, or undefined where Node has to try: no such port, or an address with a zone. */
function openDescriptor(
  native: Libc,
  host: string,
  port: number,
  family: AddressFamily,
  { sendBufferBytes, receiveBufferBytes, shared = false }: BindOptions,
): number | undefined {
  const address = socketAddress(host, port, family);
  if (address === undefined) return undefined;
  const fd = native.socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return undefined;
  setBuffer(native, fd, SO_SNDBUFFORCE, SO_SNDBUF, sendBufferBytes);
  setBuffer(native, fd, SO_RCVBUFFORCE, SO_RCVBUF, receiveBufferBytes);
  // Programs set one or the other, and the kernel lets only like and like share.
  if (shared) for (const option of [SO_REUSEADDR, SO_REUSEPORT]) setFlag(native, fd, option);
  if (native.bind(fd, address, address.length) === 0) return fd;
  native.close(fd);
  return undefined;
}

function setFlag(native: Libc, fd: number, option: number): void {
  const on = Buffer.alloc(4);
  on.writeInt32LE(1);
  native.setsockopt(fd, SOL_SOCKET, option, on, on.length);
}

/** Unprivileged processes may by default not have what a frame for every reader or a keyframe of a camera takes. */
function setBuffer(
  native: Libc,
  fd: number,
  forced: number,
  usual: number,
  bytes: number | undefined,
): void {
  if (bytes === undefined) return;
  const size = Buffer.alloc(4);
  size.writeInt32LE(bytes);
  if (native.setsockopt(fd, SOL_SOCKET, forced, size, size.length) !== 0)
    native.setsockopt(fd, SOL_SOCKET, usual, size, size.length);
}
