import type { Socket } from 'node:dgram';
import { MSG_DONTWAIT, libc, type Libc } from '../libc.js';

/** Datagrams that one system call takes, and how often it is repeated before other sockets have their turn. */
const MAX_DATAGRAMS = 32;
const MAX_CALLS = 8;
/** field: Tapo sends datagrams of 10 kB; larger than this there are none. Memory that is never reached is never used. */
const SLOT_BYTES = 64 * 1024;
/** `struct sockaddr_storage` as far as we need it, `struct mmsghdr` and `struct iovec` (64-bit ABI). */
const NAME_BYTES = 28;
const NAME_SLOT_BYTES = 32;
const MESSAGE_BYTES = 64;
const VECTOR_BYTES = 16;

/**
 * Reads what else has arrived on a socket once its first datagram was announced, many datagrams with one system call: a
 * frame of a camera comes as one burst, and each event of Node costs more than all that is done with the datagram.
 */
export class DatagramDrain {
  private readonly slots = Buffer.allocUnsafeSlow(MAX_DATAGRAMS * SLOT_BYTES);
  private readonly names = Buffer.alloc(MAX_DATAGRAMS * NAME_SLOT_BYTES);
  private readonly vectors = Buffer.alloc(MAX_DATAGRAMS * VECTOR_BYTES);
  private readonly messages = Buffer.alloc(MAX_DATAGRAMS * MESSAGE_BYTES);

  constructor(private readonly libc: Libc) {
    const { slots, names, vectors, messages } = this;
    const [slotsAt, namesAt, vectorsAt] = [slots, names, vectors].map((one) =>
      BigInt(libc.addressOf(one)),
    );
    for (let i = 0; i < MAX_DATAGRAMS; i++) {
      vectors.writeBigUInt64LE(slotsAt! + BigInt(SLOT_BYTES * i), VECTOR_BYTES * i);
      vectors.writeBigUInt64LE(BigInt(SLOT_BYTES), VECTOR_BYTES * i + 8);
      messages.writeBigUInt64LE(namesAt! + BigInt(NAME_SLOT_BYTES * i), MESSAGE_BYTES * i);
      messages.writeBigUInt64LE(vectorsAt! + BigInt(VECTOR_BYTES * i), MESSAGE_BYTES * i + 16);
      messages.writeUInt32LE(1, MESSAGE_BYTES * i + 24);
    }
  }

  /**
   * Hands over what is there, in order. Ends early when `receive` closes the socket.
   * @param fd of `socket`
   * @param receive gets a datagram, its own to keep, and its sender as a view that is valid during the call
   */
  drain(socket: Socket, fd: number, receive: (packet: Buffer, sender: Buffer) => void): void {
    for (let call = 0; call < MAX_CALLS && isOpen(socket); call++) {
      for (let i = 0; i < MAX_DATAGRAMS; i++)
        this.messages.writeUInt32LE(NAME_BYTES, MESSAGE_BYTES * i + 8);
      const count = this.libc.recvmmsg(fd, this.messages, MAX_DATAGRAMS, MSG_DONTWAIT, null);
      for (let i = 0; i < count; i++) {
        const start = SLOT_BYTES * i;
        const length = this.messages.readUInt32LE(MESSAGE_BYTES * i + 56);
        const nameAt = NAME_SLOT_BYTES * i;
        const nameLength = this.messages.readUInt32LE(MESSAGE_BYTES * i + 8);
        receive(
          Buffer.from(this.slots.subarray(start, start + length)),
          this.names.subarray(nameAt, nameAt + nameLength),
        );
      }
      if (count < MAX_DATAGRAMS) return;
    }
  }
}

/** One for all sockets: a drain keeps nothing from one call to the next. Undefined where the platform has none. */
export const datagramDrain = libc === undefined ? undefined : new DatagramDrain(libc);

/** Its descriptor is ours no longer once it was closed. */
function isOpen(socket: Socket): boolean {
  try {
    socket.address();
    return true;
  } catch {
    return false;
  }
}
