import {
  CONTROL_BYTES,
  IOVEC_BYTES,
  MSGHDR_BYTES,
  MSG_DONTWAIT,
  SOCKADDR_BYTES,
  SOL_UDP,
  UDP_SEGMENT,
  addressOf,
  loadSyscalls,
  socketAddress,
  writeAddress,
  type Syscalls,
} from '../syscalls.js';
import type { DatagramRun } from './datagram-runs.js';

/** Where to send to. */
export interface Receiver {
  readonly address: string;
  readonly port: number;
}

interface Message {
  readonly header: Buffer;
  /** What `header` points to. */
  readonly held: readonly Buffer[];
}

/** Sends prepared runs with one `sendmsg` each, UDP_SEGMENT, and does nothing else. */
export class BareSegmentSender {
  private readonly calls: Syscalls = loadSyscalls();
  private readonly messages = new Map<DatagramRun, Message>();
  private readonly peers: { readonly bytes: Buffer; readonly address: number }[];

  /** @param fd a UDP socket */
  constructor(
    private readonly fd: number,
    receivers: readonly Receiver[],
  ) {
    this.peers = receivers.map(({ address, port }) => {
      const bytes = socketAddress(address, port);
      return { bytes, address: addressOf(bytes) };
    });
  }

  /** To every peer. */
  send(runs: readonly DatagramRun[]): void {
    for (const { address } of this.peers) {
      for (const run of runs) {
        const { header } = this.messageOf(run);
        writeAddress(header, 0, address);
        this.calls.sendmsg(this.fd, header, MSG_DONTWAIT);
      }
    }
  }

  private messageOf(run: DatagramRun): Message {
    let message = this.messages.get(run);
    if (message === undefined) {
      message = prepare(run);
      this.messages.set(run, message);
    }
    return message;
  }
}

function prepare({ bytes, packets, segmentBytes }: DatagramRun): Message {
  const vector = Buffer.alloc(IOVEC_BYTES);
  writeAddress(vector, 0, addressOf(bytes));
  vector.writeUInt32LE(bytes.length, 8);
  const control = Buffer.alloc(CONTROL_BYTES);
  control.writeUInt32LE(CONTROL_BYTES - 6, 0);
  control.writeInt32LE(SOL_UDP, 8);
  control.writeInt32LE(UDP_SEGMENT, 12);
  control.writeUInt16LE(segmentBytes, 16);
  const header = Buffer.alloc(MSGHDR_BYTES);
  header.writeUInt32LE(SOCKADDR_BYTES, 8);
  writeAddress(header, 16, addressOf(vector));
  header.writeUInt32LE(1, 24);
  if (packets.length > 1) {
    writeAddress(header, 32, addressOf(control));
    header.writeUInt32LE(CONTROL_BYTES, 40);
  }
  return { header, held: [bytes, vector, control] };
}
