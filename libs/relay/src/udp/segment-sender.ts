import type { PacketBatch } from '../hub/packet-batch.js';
import { EAGAIN, MSG_DONTWAIT, SOL_UDP, UDP_SEGMENT, type Libc } from './libc.js';
import { planSegments, type SegmentRun } from './segment-plan.js';

/** `struct msghdr`, `struct iovec` and the control message with its data, in bytes (64-bit ABI). */
const MSGHDR_BYTES = 56;
const IOVEC_BYTES = 16;
const CONTROL_BYTES = 24;
const NAME_BYTES = 16;

/** One run as the kernel wants it; only the address of the peer differs from reader to reader. */
interface PreparedRun {
  readonly header: Buffer;
  /** Referenced by `header` through addresses, hence kept here. */
  readonly vectors: Buffer;
  readonly control: Buffer;
}

interface Prepared {
  readonly runs: readonly PreparedRun[];
  readonly oversized: readonly number[];
}

/** What became of datagrams that the kernel did not take. */
export interface SendFailures {
  /** The socket's buffer was full. */
  full: number;
  /** Any other error, such as no route. */
  other: number;
}

/**
 * Sends batches by generic segmentation offload: one system call hands the kernel many packets of one size where they lie
 * in the batch, without joining or copying them (udp(7), UDP_SEGMENT). Prepared once per batch and track, whatever the
 * number of readers.
 */
export class SegmentSender {
  readonly failures: SendFailures = { full: 0, other: 0 };
  private readonly prepared = new WeakMap<PacketBatch, (Prepared | undefined)[]>();

  constructor(
    private readonly libc: Libc,
    private readonly fd: number,
  ) {}

  /** Whether the kernel knows the option. */
  static supported(libc: Libc, fd: number): boolean {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(4);
    return libc.getsockopt(fd, SOL_UDP, UDP_SEGMENT, Buffer.alloc(4), length) === 0;
  }

  /**
   * Sends one track's packets from packet `from` on.
   * @param peer `struct sockaddr_in`, kept referenced by the caller
   * @param peerAddress its address, as libc gives it
   * @returns packets too large for a segment, for the caller to send by other means
   */
  send(batch: PacketBatch, from: number, track: number, peerAddress: number): readonly number[] {
    const { runs, oversized } = this.prepare(batch, from, track);
    for (const { header } of runs) {
      writeAddress(header, 0, peerAddress);
      if (this.libc.sendmsg(this.fd, header, MSG_DONTWAIT) < 0) {
        if (this.libc.errno() === EAGAIN) this.failures.full++;
        else this.failures.other++;
      }
    }
    return oversized;
  }

  private prepare(batch: PacketBatch, from: number, track: number): Prepared {
    if (from > 0) return this.build(batch, from, track);
    let tracks = this.prepared.get(batch);
    if (tracks === undefined) {
      tracks = [];
      this.prepared.set(batch, tracks);
    }
    return (tracks[track] ??= this.build(batch, 0, track));
  }

  private build(batch: PacketBatch, from: number, track: number): Prepared {
    const { runs, oversized } = planSegments(batch, from, track);
    const base = runs.length === 0 ? 0 : this.libc.addressOf(batch.bytes);
    return { runs: runs.map((run) => this.encode(batch, run, base)), oversized };
  }

  private encode(
    batch: PacketBatch,
    { packets, segmentBytes }: SegmentRun,
    base: number,
  ): PreparedRun {
    const vectors = Buffer.alloc(IOVEC_BYTES * packets.length);
    packets.forEach((packet, i) => {
      writeAddress(vectors, IOVEC_BYTES * i, base + batch.offsets[packet]!);
      vectors.writeUInt32LE(batch.lengths[packet]!, IOVEC_BYTES * i + 8);
    });
    const control = Buffer.alloc(CONTROL_BYTES);
    control.writeUInt32LE(CONTROL_BYTES - 6, 0);
    control.writeInt32LE(SOL_UDP, 8);
    control.writeInt32LE(UDP_SEGMENT, 12);
    control.writeUInt16LE(segmentBytes, 16);
    const header = Buffer.alloc(MSGHDR_BYTES);
    header.writeUInt32LE(NAME_BYTES, 8);
    writeAddress(header, 16, this.libc.addressOf(vectors));
    header.writeUInt32LE(packets.length, 24);
    if (packets.length > 1) {
      writeAddress(header, 32, this.libc.addressOf(control));
      header.writeUInt32LE(CONTROL_BYTES, 40);
    }
    return { header, vectors, control };
  }
}

function writeAddress(bytes: Buffer, offset: number, address: number): void {
  bytes.writeUInt32LE(address % 2 ** 32, offset);
  bytes.writeUInt32LE(Math.floor(address / 2 ** 32), offset + 4);
}
