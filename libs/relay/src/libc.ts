import { endianness } from 'node:os';
import koffi from 'koffi';

/**
 * The few system calls that Node does not offer. Linux, 64-bit little-endian, glibc or musl; elsewhere {@link libc} is
 * undefined and callers do without. Numbers are those of the kernel's generic ABI (x86-64 and arm64).
 */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Buffer, length: number): number;
  close(fd: number): number;
  getsockopt(fd: number, level: number, name: number, value: Buffer, length: Buffer): number;
  setsockopt(fd: number, level: number, name: number, value: Buffer, length: number): number;
  /** Returns how many bytes the kernel took; -1 for none. */
  send(fd: number, bytes: Buffer, length: number, flags: number): number;
  /** `messages` holds `count` times `struct mmsghdr`. Returns how many were sent; -1 when the first one failed. */
  sendmmsg(fd: number, messages: Buffer, count: number, flags: number): number;
  /** As sendmmsg; the last argument is a timeout, which we have no use for. Returns how many were received; -1 for none. */
  recvmmsg(fd: number, messages: Buffer, count: number, flags: number, timeout: null): number;
  /** Of the last call that returned -1. */
  errno(): number;
  /** Address of the first byte; valid while the buffer is referenced. Below 2^53. */
  addressOf(buffer: Buffer): number;
}

export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_DGRAM = 2;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_REUSEPORT = 15;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
/** Beyond net.core.wmem_max and rmem_max, for who has CAP_NET_ADMIN. */
export const SO_SNDBUFFORCE = 32;
export const SO_RCVBUFFORCE = 33;
export const SOL_UDP = 17;
/** udp(7), Linux 4.18. */
export const UDP_SEGMENT = 103;
export const MSG_DONTWAIT = 0x40;
/** A peer that is gone is an error, not a signal. */
export const MSG_NOSIGNAL = 0x4000;
export const EIO = 5;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EINVAL = 22;
export const EMSGSIZE = 90;
export const ENETUNREACH = 101;
export const ENOBUFS = 105;
export const ECONNREFUSED = 111;
export const EHOSTUNREACH = 113;

export const libc: Libc | undefined = load();

function load(): Libc | undefined {
  const known = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
  if (!known || endianness() !== 'LE') return undefined;
  try {
    const library = koffi.load(null);
    return {
      socket: library.func('int socket(int domain, int type, int protocol)'),
      bind: library.func('int bind(int fd, void *address, uint32_t length)'),
      close: library.func('int close(int fd)'),
      getsockopt: library.func(
        'int getsockopt(int fd, int level, int name, void *value, void *length)',
      ),
      setsockopt: library.func(
        'int setsockopt(int fd, int level, int name, void *value, uint32_t length)',
      ),
      send: library.func('int64_t send(int fd, void *bytes, size_t length, int flags)'),
      sendmmsg: library.func('int sendmmsg(int fd, void *messages, uint32_t count, int flags)'),
      recvmmsg: library.func(
        'int recvmmsg(int fd, void *messages, uint32_t count, int flags, void *timeout)',
      ),
      errno: () => koffi.errno(),
      addressOf: (buffer) => Number(koffi.address(buffer)),
    };
  } catch {
    // No binary of koffi for this platform: everything works without it, only slower.
    return undefined;
  }
}
