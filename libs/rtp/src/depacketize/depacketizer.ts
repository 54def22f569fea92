import type { AccessUnit, CodecConfig } from '../format.js';

/** Takes what a depacketizer makes. Calls are synchronous, inside `push` and `flush`. */
export interface AccessUnitSink {
  /**
   * Units in decode order; `ticks` are presentation times. The bytes lie in the depacketizer's memory, which says how
   * long they are good: in memory of the sink's choice until this call returns, unless the sink has them kept there.
   */
  accessUnit(unit: AccessUnit): void;
  /** Before the first unit that needs it, and whenever its bytes change. */
  config(config: CodecConfig): void;
}

/**
 * RTP packets of one track to access units. Never throws on what a peer can send: packets that are not RTP, of another
 * payload type, late or duplicate are dropped; units that cannot be whole are marked `damaged`. Units that come before
 * their codec configuration is known are dropped.
 */
export interface Depacketizer {
  /** From SDP, later from the stream; undefined until known. */
  readonly config: CodecConfig | undefined;
  /** One RTP packet as it stands in `buf`; its bytes are copied. Gaps in the sequence are detected inside. */
  push(buf: Buffer, offset: number, length: number): void;
  /** Ends the pending unit: the source ended. */
  flush(): void;
}
