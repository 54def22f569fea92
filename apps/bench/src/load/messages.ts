/**
 * How readers get the stream. The `raw` kinds speak no RTSP: a TCP connection that is written to, a UDP socket that is sent
 * to, a member of the group in `udp://GROUP:PORT` on the loopback interface.
 */
export type Transport = 'tcp' | 'udp' | 'multicast' | 'raw-tcp' | 'raw-udp' | 'raw-multicast';

export interface OpenRequest {
  readonly kind: 'open';
  /** Reader number i takes url i modulo their number; unused by `raw-udp`. */
  readonly urls: readonly string[];
  readonly readers: number;
  readonly transport: Transport;
  /**
   * Sampled readers parse every packet, for loss and latency, each with a socket read of its own; the others are counted
   * as cheaply as their transport allows.
   */
  readonly sampled: boolean;
  /** UDP_GRO on the sockets of counted UDP readers: the kernel hands over runs of packets as it got them. */
  readonly gro: boolean;
}

/** What the benchmark asks of a load process; one at a time, each answered with the result of the same kind. */
export type LoadRequest =
  | OpenRequest
  | { readonly kind: 'measure'; readonly durationMs: number }
  | {
      readonly kind: 'join';
      readonly urls: readonly string[];
      readonly transport: 'tcp' | 'udp';
      readonly joins: number;
      readonly durationMs: number;
    }
  | { readonly kind: 'stall'; readonly stalled: boolean }
  | { readonly kind: 'close' };

export interface LoadOpened {
  readonly kind: 'open';
  /** Local UDP ports of `raw-udp` readers. */
  readonly udpPorts: readonly number[];
}

export interface LoadMeasured {
  readonly kind: 'measure';
  readonly seconds: number;
  /** By all readers. TCP: with the interleaved headers; UDP: RTP packets. */
  readonly bytes: number;
  /** RTP packets, of those readers that look at packets: UDP, and sampled. */
  readonly packets: number;
  /** RTP packets missing by sequence number, in the same readers. */
  readonly lost: number;
  /** Of `lost`, those that the kernel dropped at the sockets of this process (UDP): not the fault of the sender. */
  readonly droppedHere: number;
  /** Bytes of the reader that got least and of the median one. */
  readonly leastBytes: number;
  readonly medianBytes: number;
  /** From the camera's stamp to the read of the packet with it, ms, by sampled readers. */
  readonly latencyMs: readonly number[];
}

export interface LoadJoined {
  readonly kind: 'join';
  /** From connect() to the last packet of the first complete keyframe, ms, by join. */
  readonly keyframeMs: readonly number[];
}

export type LoadAnswer =
  LoadOpened | LoadMeasured | LoadJoined | { readonly kind: 'stall' | 'close' };

export type LoadFailure = { readonly kind: 'failed'; readonly reason: string };
