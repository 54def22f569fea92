/** Access units of one track to RTP packets. */
export interface Packetizer {
  /**
   * RTP packets of one unit, in order, each in a buffer of its own; the sequence continues across calls. `data` is laid
   * out as in `AccessUnit`. Before a video keyframe the parameter sets are sent with the same timestamp.
   *
   * @param rtpTimestamp presentation time in ticks, taken modulo 2^32
   * @throws NightjarError `invalid`, `rtp/*`: the unit does not fit its payload format
   */
  packetize(
    unit: { readonly data: Uint8Array; readonly keyframe: boolean },
    rtpTimestamp: number,
  ): Buffer[];
  /** Sequence number of the next packet, 0-65535. */
  nextSequence: number;
  readonly ssrc: number;
}

/** What every packetizer must know beyond the codec. */
export interface PacketizerOptions {
  readonly payloadType: number;
  readonly ssrc: number;
  readonly firstSequence: number;
  /** Largest RTP payload, without the 12-byte header. Default 1400, at least 64. */
  readonly maxPayloadBytes?: number;
}
