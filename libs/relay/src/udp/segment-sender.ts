import type { Clock } from '@nightjar/common';
import type { PacketBatch } from '../hub/packet-batch.js';
import { dropReasonOf, isTransient, type OnUdpDrop } from './drop-reason.js';
import { EINVAL, EIO, EMSGSIZE, MSG_DONTWAIT, SOL_UDP, UDP_SEGMENT, type Libc } from '../libc.js';
import { planSegments, type SegmentPlan, type SegmentRun } from './segment-plan.js';

/** Messages that one system call takes (UIO_MAXIOV). */
export const MAX_MESSAGES = 1024;
/** Room for the packets of one turn, joined; more than that takes another call. */
export const ARENA_BYTES = 1024 * 1024;
/** How soon a full socket is tried again. */
export const RETRY_MS = 1;

/** `struct mmsghdr` as bytes and as 32-bit words, `struct iovec`, and a control message with its data (64-bit ABI). */
const MESSAGE_BYTES = 64;
const MESSAGE_WORDS = MESSAGE_BYTES / 4;
const VECTOR_BYTES = 16;
const CONTROL_BYTES = 24;
const RUN_HEAD_BYTES = VECTOR_BYTES + CONTROL_BYTES;
/** What follows in memory begins at a multiple of this. */
const ALIGNMENT = 8;

/** Where messages go, see {@link SegmentSender.target}. */
export interface SegmentTarget {
  /** `struct sockaddr_in` or `sockaddr_in6`. */
  readonly name: Buffer;
  readonly nameAddress: readonly [low: number, high: number];
  /**
   * Called with every packet of a run that this path does not take in segments (a tunnel with a smaller MTU, IPsec), as
   * views that are valid during the call.
   */
  readonly refused: (packet: Buffer) => void;
}

/** Packets of one size, joined in the arena behind their vector and control message. Addresses in two halves. */
interface PreparedRun {
  readonly vector: readonly [low: number, high: number];
  /** Zeros for a single packet, which is sent as it is. */
  readonly control: readonly [low: number, high: number];
  readonly controlBytes: number;
  readonly packets: number;
  readonly segmentBytes: number;
  readonly payload: Buffer;
}

interface Prepared {
  readonly from: number;
  readonly to: number;
  readonly track: number;
  readonly runs: readonly PreparedRun[];
  readonly oversized: readonly number[];
}

/**
 * Sends batches by generic segmentation offload (udp(7), UDP_SEGMENT): packets of one size go through the kernel as one.
 * What is sent in one turn of the event loop, to however many peers, leaves with one system call at the end of that turn;
 * packets are joined once per batch and track, and all that is done per peer is to fill in a message header.
 *
 * When the socket's buffer is full, what is queued waits and is tried again; {@link stalled} then asks callers to wait too.
 */
export class SegmentSender {
  private readonly messages = Buffer.alloc(MAX_MESSAGES * MESSAGE_BYTES);
  private readonly words: Uint32Array;
  private readonly arena = Buffer.allocUnsafeSlow(ARENA_BYTES);
  private readonly arenaAddress: number;
  /** In the arena now, by batch. */
  private readonly prepared = new Map<PacketBatch, Prepared[]>();
  /** Readers of one stream follow each other. */
  private lastBatch: PacketBatch | undefined;
  private lastPrepared: Prepared[] = [];
  private arenaUsed = 0;
  /** Of each queued message. */
  private readonly targets: SegmentTarget[] = [];
  private readonly runs: PreparedRun[] = [];
  private queued = 0;
  private sent = 0;
  private flushing = false;
  private full = false;
  private closed = false;

  constructor(
    private readonly libc: Libc,
    private readonly fd: number,
    private readonly clock: Clock,
    private readonly dropped: OnUdpDrop,
  ) {
    const { messages } = this;
    this.words = new Uint32Array(messages.buffer, messages.byteOffset, messages.length / 4);
    this.arenaAddress = libc.addressOf(this.arena);
  }

  /** Whether the kernel knows the option. */
  static supported(libc: Libc, fd: number): boolean {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(4);
    return libc.getsockopt(fd, SOL_UDP, UDP_SEGMENT, Buffer.alloc(4), length) === 0;
  }

  /** The socket's buffer is full. Whatever else is given to {@link send} now may have to be dropped. */
  get stalled(): boolean {
    return this.full;
  }

  /** @param name `struct sockaddr_in` or `sockaddr_in6` of the socket's family; kept */
  target(name: Buffer, refused: SegmentTarget['refused']): SegmentTarget {
    return { name, nameAddress: halves(this.libc.addressOf(name)), refused };
  }

  /**
   * Queues one track's packets from packet `from` up to but not including `to`. They leave before the next event is
   * handled; the batch is not needed any more after this call.
   * @returns packets too large for a segment, for the caller to send by other means
   */
  send(
    batch: PacketBatch,
    from: number,
    to: number,
    track: number,
    target: SegmentTarget,
  ): readonly number[] {
    if (this.closed) return [];
    const prepared = this.find(batch, from, to, track);
    if (prepared === undefined) return this.prepareAndSend(batch, from, to, track, target);
    const { runs, oversized } = prepared;
    if (this.queued + runs.length > MAX_MESSAGES) {
      this.flush();
      // An empty queue has let go of what was prepared.
      if (!this.full) return this.prepareAndSend(batch, from, to, track, target);
      for (const run of runs) this.dropped('full', run.packets);
      return oversized;
    }
    for (let i = 0; i < runs.length; i++) this.push(runs[i]!, target);
    return oversized;
  }

  /** Sends what is queued now. */
  flush(): void {
    if (this.full) return;
    while (this.sent < this.queued) {
      const rest = this.messages.subarray(this.sent * MESSAGE_BYTES);
      const count = this.libc.sendmmsg(this.fd, rest, this.queued - this.sent, MSG_DONTWAIT);
      if (count > 0) {
        this.sent += count;
        continue;
      }
      const errno = this.libc.errno();
      if (isTransient(errno)) {
        this.full = true;
        this.clock.setTimer(RETRY_MS, () => {
          this.full = false;
          if (!this.closed) this.flush();
        });
        return;
      }
      this.refused(errno);
    }
    this.clear();
  }

  /** Drops what is queued; nothing is sent any more. */
  close(): void {
    this.closed = true;
    this.clear();
  }

  private find(batch: PacketBatch, from: number, to: number, track: number): Prepared | undefined {
    if (batch !== this.lastBatch) {
      this.lastPrepared = this.prepared.get(batch) ?? [];
      this.lastBatch = batch;
    }
    for (let i = 0; i < this.lastPrepared.length; i++) {
      const one = this.lastPrepared[i]!;
      if (one.from === from && one.to === to && one.track === track) return one;
    }
    return undefined;
  }

  private prepareAndSend(
    batch: PacketBatch,
    from: number,
    to: number,
    track: number,
    target: SegmentTarget,
  ): readonly number[] {
    const plan = planSegments(batch, from, to, track);
    const needed = arenaBytes(plan);
    if (needed > ARENA_BYTES || plan.runs.length > MAX_MESSAGES) {
      const middle = (from + to) >> 1;
      return [
        ...this.send(batch, from, middle, track, target),
        ...this.send(batch, middle, to, track, target),
      ];
    }
    if (this.arenaUsed + needed > ARENA_BYTES) this.flush();
    if (this.arenaUsed + needed > ARENA_BYTES) {
      for (const run of plan.runs) this.dropped('full', run.packets.length);
      return plan.oversized;
    }
    const runs = plan.runs.map((run) => this.join(batch, run));
    const prepared = { from, to, track, runs, oversized: plan.oversized };
    const others = this.prepared.get(batch);
    if (others === undefined) this.prepared.set(batch, [prepared]);
    else others.push(prepared);
    this.lastBatch = undefined;
    return this.send(batch, from, to, track, target);
  }

  private join(batch: PacketBatch, run: SegmentRun): PreparedRun {
    const { arena } = this;
    const vector = this.arenaUsed;
    const control = vector + VECTOR_BYTES;
    const start = vector + RUN_HEAD_BYTES;
    let end = start;
    for (const packet of run.packets) {
      const offset = batch.offsets[packet]!;
      end += batch.bytes.copy(arena, end, offset, offset + batch.lengths[packet]!);
    }
    this.arenaUsed = aligned(end);
    const [low, high] = halves(this.arenaAddress + start);
    arena.writeUInt32LE(low, vector);
    arena.writeUInt32LE(high, vector + 4);
    arena.writeUInt32LE(run.bytes, vector + 8);
    arena.writeUInt32LE(0, vector + 12);
    // The last six bytes are padding.
    arena.writeUInt32LE(CONTROL_BYTES - 6, control);
    arena.writeUInt32LE(0, control + 4);
    arena.writeInt32LE(SOL_UDP, control + 8);
    arena.writeInt32LE(UDP_SEGMENT, control + 12);
    arena.writeUInt16LE(run.segmentBytes, control + 16);
    const segmented = run.packets.length > 1;
    return {
      vector: halves(this.arenaAddress + vector),
      control: halves(segmented ? this.arenaAddress + control : 0),
      controlBytes: segmented ? CONTROL_BYTES : 0,
      packets: run.packets.length,
      segmentBytes: run.segmentBytes,
      payload: arena.subarray(start, end),
    };
  }

  private push(run: PreparedRun, target: SegmentTarget): void {
    const { words } = this;
    const at = MESSAGE_WORDS * this.queued;
    words[at] = target.nameAddress[0];
    words[at + 1] = target.nameAddress[1];
    words[at + 2] = target.name.length;
    words[at + 4] = run.vector[0];
    words[at + 5] = run.vector[1];
    words[at + 6] = 1;
    words[at + 8] = run.control[0];
    words[at + 9] = run.control[1];
    words[at + 10] = run.controlBytes;
    this.targets[this.queued] = target;
    this.runs[this.queued] = run;
    this.queued++;
    if (this.flushing) return;
    this.flushing = true;
    // Microtasks run as soon as the event that brought the batch was handled: once for all readers, without delay.
    queueMicrotask(() => {
      this.flushing = false;
      if (!this.closed) this.flush();
    });
  }

  /** Passes over the message that the kernel would not take. */
  private refused(errno: number): void {
    const { refused } = this.targets[this.sent]!;
    const { packets, segmentBytes, payload } = this.runs[this.sent]!;
    this.sent++;
    if (packets > 1 && (errno === EINVAL || errno === EIO || errno === EMSGSIZE)) {
      for (let at = 0; at < payload.length; at += segmentBytes)
        refused(payload.subarray(at, at + segmentBytes));
    } else {
      this.dropped(dropReasonOf(errno), packets);
    }
  }

  private clear(): void {
    this.sent = 0;
    this.queued = 0;
    this.arenaUsed = 0;
    this.runs.length = 0;
    this.targets.length = 0;
    this.prepared.clear();
    this.lastBatch = undefined;
  }
}

function arenaBytes({ runs }: SegmentPlan): number {
  let bytes = 0;
  for (const run of runs) bytes += aligned(RUN_HEAD_BYTES + run.bytes);
  return bytes;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function halves(address: number): [low: number, high: number] {
  return [address % 2 ** 32, Math.floor(address / 2 ** 32)];
}
