import { NightjarError } from '@nightjar/common';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;
/** sun_path of unix(7), its end included. */
const MAX_PATH_BYTES = 107;

/**
 * A sender of datagrams to a unix socket, which Node has not got; `@` at the beginning of `path` is the abstract namespace (unix(7)). A
 * datagram never waits: what the receiver has no room for is an error.
 *
 * @returns a function that throws NightjarError `unavailable` `role/datagram` when the message did not go
 * @throws NightjarError `invalid` for a path that is too long, `unavailable` on a platform without binaries of koffi
 */
export async function openDatagramSender(path: string): Promise<(message: string) => void> {
  const address = addressOf(path);
  const { socket, sendto, errno } = await load();
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  return (message) => {
    const bytes = Buffer.from(message);
    const sent = sendto(fd, bytes, bytes.length, MSG_NOSIGNAL, address, address.length);
    if (sent === bytes.length) return;
    throw new NightjarError('unavailable', 'role/datagram', `sending to ${path} failed`, {
      errno: errno(),
    });
  };
}

/** struct sockaddr_un: the family in the byte order of the machine, then the path. */
function addressOf(path: string): Buffer {
  const name = Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`);
  if (name.length > MAX_PATH_BYTES + 1 || !/^[@/]/.test(path))
    throw new NightjarError('invalid', 'role/datagram', `${path} is no address of a unix socket`);
  const family = Buffer.from(new Uint8Array(Uint16Array.of(AF_UNIX).buffer));
  return Buffer.concat([family, name]);
}

async function load() {
  try {
    // Loaded where somebody listens: few processes have a service manager.
    const { default: koffi } = await import('koffi');
    const libc = koffi.load(null);
    return {
      socket: libc.func('int socket(int domain, int type, int protocol)') as (
        ...numbers: number[]
      ) => number,
      sendto: libc.func(
        'int64_t sendto(int fd, void *bytes, size_t length, int flags, void *address, uint32_t size)',
      ) as (...given: (number | Buffer)[]) => number,
      errno: () => koffi.errno(),
    };
  } catch (error) {
    throw new NightjarError(
      'unavailable',
      'role/datagram',
      'no system calls without koffi on this platform',
      {},
      error,
    );
  }
}
