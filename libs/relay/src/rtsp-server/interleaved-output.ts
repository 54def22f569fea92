import { encodeBye, ssrcOf } from '@nightjar/rtp';
import {
  interleave,
  isCanonical,
  tail,
  type InterleavedBytes,
  type PacketBatch,
} from '../hub/packet-batch.js';
import type { StreamNotice, StreamOutput, Traffic } from './mount.js';
import type { Seal } from './srtp/seal.js';
import { SsrcTable } from './ssrc-table.js';

/** What an interleaved session needs of its TCP connection. */
export interface MediaConnection {
  /** Bytes accepted and not yet taken by the kernel. */
  readonly queuedBytes: number;
  readonly closed: boolean;
  /** Takes over `bytes`, which must not change until written. @returns whether bytes wait for the kernel */
  writeMedia(bytes: Buffer): boolean;
  /** Calls `listener` once when the queue is empty or the connection closed. */
  onceDrained(listener: () => void): void;
  close(): void;
  /** Lets what is queued go out first. */
  closeGently(): void;
}

export interface OutputOptions {
  readonly cname: string;
  /** Above this many queued bytes {@link StreamOutput.flush} asks a pushing mount to wait. */
  readonly highWaterBytes: number;
  readonly onCut: (reason: string) => void;
  /** Told of {@link StreamOutput.stopped}. */
  readonly onStopped?: (() => void) | undefined;
  /** Absent where the client cannot be told. */
  readonly onNotice?: ((notice: StreamNotice) => void) | undefined;
  /** Where what left over this transport is added up. */
  readonly traffic: Traffic;
  /** Protects what is sent, for readers that set up SRTP. */
  readonly seal?: Seal | undefined;
}

/** RTP and RTCP inside the RTSP connection (RFC 2326 s.10.12). */
export class InterleavedOutput implements StreamOutput {
  readonly transport = 'tcp' as const;
  readonly notify: StreamOutput['notify'];
  private readonly table = new SsrcTable();
  private readonly traffic: Traffic;
  private readonly seal: Seal | undefined;
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private pendingPackets = 0;
  private held: InterleavedBytes[] | undefined = [];
  private heldBytes = 0;
  private closed = false;
  /** Whether the last write left bytes with the connection. */
  private waiting = false;
  private canonical = false;
  private mapKey = '';
  private sawBatch = false;

  constructor(
    private readonly connection: MediaConnection,
    private readonly map: number[],
    private readonly options: OutputOptions,
  ) {
    this.traffic = options.traffic;
    this.seal = options.seal;
    this.notify = options.onNotice;
  }

  /** Holds packets back until the PLAY answer is queued. */
  hold(): void {
    this.held ??= [];
    this.remap();
  }

  /** The channels of the tracks have changed. */
  remap(): void {
    this.canonical = isCanonical(this.map);
    this.mapKey = this.map.join();
  }

  /** The PLAY answer is queued: what was held back follows it. */
  release(): void {
    const held = this.held;
    this.held = undefined;
    this.heldBytes = 0;
    if (held !== undefined) for (const { bytes, packets } of held) this.write(bytes, packets);
  }

  ssrc(track: number): number {
    return this.table.of(track);
  }

  get queuedBytes(): number {
    // Mostly nothing waits: then neither the connection nor its socket is looked at, which would be a cache miss each.
    return this.waiting ? this.heldBytes + this.connection.queuedBytes : this.heldBytes;
  }

  batch(plain: PacketBatch, from: number): void {
    const batch = this.seal?.batch(plain) ?? plain;
    if (!this.sawBatch) {
      this.sawBatch = true;
      this.table.sawBatch(batch);
    }
    if (this.canonical) {
      this.write(tail(batch, from), batch.count - from);
      return;
    }
    const { bytes, packets } = interleave(batch, from, this.map, this.mapKey);
    if (packets > 0) this.write(bytes, packets);
  }

  send(track: number, plain: Buffer, rtcp: boolean): void {
    const channel = this.map[track] ?? -1;
    if (channel < 0) return;
    if (rtcp) {
      this.table.sawReport(track, plain);
    } else {
      this.table.sent(track, ssrcOf(plain, 0));
      this.pendingPackets++;
    }
    const { seal } = this;
    const packet = (rtcp ? seal?.rtcp(track, plain) : seal?.rtp(track, plain)) ?? plain;
    const frame = Buffer.allocUnsafe(4 + packet.length);
    frame[0] = 0x24;
    frame[1] = rtcp ? channel + 1 : channel;
    frame.writeUInt16BE(packet.length, 2);
    packet.copy(frame, 4);
    this.pending.push(frame);
    this.pendingBytes += frame.length;
  }

  flush(): boolean {
    if (this.pending.length > 0) {
      const bytes =
        this.pending.length === 1
          ? this.pending[0]!
          : Buffer.concat(this.pending, this.pendingBytes);
      const packets = this.pendingPackets;
      this.pending = [];
      this.pendingBytes = 0;
      this.pendingPackets = 0;
      this.write(bytes, packets);
    }
    return this.closed || this.queuedBytes < this.options.highWaterBytes;
  }

  drained(): Promise<void> {
    if (this.closed || this.connection.closed || this.connection.queuedBytes === 0)
      return Promise.resolve();
    return new Promise((resolve) => {
      this.connection.onceDrained(resolve);
    });
  }

  stopped(): void {
    this.options.onStopped?.();
  }

  end(): void {
    if (this.closed) return;
    for (const [track, ssrc] of this.table.active()) {
      this.send(track, encodeBye({ ssrc, cname: this.options.cname }), true);
    }
    this.table.clear();
    this.flush();
  }

  cut(reason: string): void {
    if (this.closed) return;
    const behind = this.queuedBytes >= this.options.highWaterBytes;
    this.options.onCut(reason);
    // A goodbye behind a long queue would not arrive in time.
    if (behind) this.connection.close();
    else this.connection.closeGently();
  }

  /** The session is over; nothing more is written. */
  dispose(): void {
    this.closed = true;
    this.held = undefined;
    this.pending = [];
  }

  private write(bytes: Buffer, packets: number): void {
    if (this.closed) return;
    if (this.held !== undefined) {
      this.held.push({ bytes, packets });
      this.heldBytes += bytes.length;
      return;
    }
    const { traffic } = this;
    traffic.bytes += bytes.length;
    traffic.packets += packets;
    this.waiting = this.connection.writeMedia(bytes);
  }
}
