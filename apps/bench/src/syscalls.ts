import koffi from 'koffi';

/** System calls that Node does not offer, for cheap UDP receivers and senders. Linux, 64-bit little-endian. */
export interface Syscalls {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Buffer, length: number): number;
  close(fd: number): number;
  setsockopt(fd: number, level: number, name: number, value: Buffer, length: number): number;
  getsockname(fd: number, address: Buffer, length: Buffer): number;
  sendmsg(fd: number, message: Buffer, flags: number): number;
  recvmmsg(fd: number, messages: Buffer, count: number, flags: number, timeout: null): number;
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, operation: number, fd: number, event: Buffer): number;
  epoll_wait(epoll: number, events: Buffer, count: number, timeoutMs: number): number;
}

export const AF_INET = 2;
export const SOCK_DGRAM = 2;
export const SOCK_NONBLOCK = 0o4000;
export const SOL_SOCKET = 1;
export const SO_RCVBUF = 8;
export const SO_REUSEADDR = 2;
export const SO_SNDBUF = 7;
/** Like SO_RCVBUF, above the limit of the system, for the superuser only. */
export const SO_RCVBUFFORCE = 33;
export const IPPROTO_IP = 0;
export const IP_MULTICAST_IF = 32;
export const IP_ADD_MEMBERSHIP = 35;
export const SOL_UDP = 17;
export const UDP_SEGMENT = 103;
export const UDP_GRO = 104;
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
export const EPOLL_CTL_ADD = 1;
export const EPOLLIN = 1;

/** `struct epoll_event` is packed on x86-64 only. */
export const EPOLL_EVENT_BYTES = process.arch === 'x64' ? 12 : 16;
export const EPOLL_DATA_OFFSET = EPOLL_EVENT_BYTES - 8;
export const SOCKADDR_BYTES = 16;
export const MSGHDR_BYTES = 56;
/** `struct mmsghdr`: a message header, the length received and padding. */
export const MMSGHDR_BYTES = 64;
export const IOVEC_BYTES = 16;
/** Control message with one integer. */
export const CONTROL_BYTES = 24;

/** @throws Error where koffi has no binary for the platform */
export function loadSyscalls(): Syscalls {
  const library = koffi.load(null);
  return {
    socket: library.func('int socket(int domain, int type, int protocol)'),
    bind: library.func('int bind(int fd, void *address, uint32_t length)'),
    close: library.func('int close(int fd)'),
    setsockopt: library.func(
      'int setsockopt(int fd, int level, int name, void *value, uint32_t length)',
    ),
    getsockname: library.func('int getsockname(int fd, void *address, void *length)'),
    sendmsg: library.func('intptr_t sendmsg(int fd, void *message, int flags)'),
    recvmmsg: library.func(
      'int recvmmsg(int fd, void *messages, uint32_t count, int flags, void *timeout)',
    ),
    epoll_create1: library.func('int epoll_create1(int flags)'),
    epoll_ctl: library.func('int epoll_ctl(int epoll, int operation, int fd, void *event)'),
    epoll_wait: library.func('int epoll_wait(int epoll, void *events, int count, int timeout)'),
  };
}

/** Address of the first byte; valid while the buffer is referenced. */
export function addressOf(buffer: Buffer): number {
  return Number(koffi.address(buffer));
}

/** Writes a pointer. */
export function writeAddress(bytes: Buffer, offset: number, address: number): void {
  bytes.writeUInt32LE(address % 2 ** 32, offset);
  bytes.writeUInt32LE(Math.floor(address / 2 ** 32), offset + 4);
}

/** `struct in_addr` of an IPv4 address. */
export function inAddr(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

/** `struct sockaddr_in` of an IPv4 address and port. */
export function socketAddress(address: string, port: number): Buffer {
  const bytes = Buffer.alloc(SOCKADDR_BYTES);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  inAddr(address).copy(bytes, 4);
  return bytes;
}

/** An `int` as the kernel takes it. */
export function integer(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
