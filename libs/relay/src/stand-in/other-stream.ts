import { createDepacketizer, createPacketizer, sequenceOf, timestampOf } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import type { Hub, HubReader } from '../hub/hub.js';
import type { PacketBatch } from '../hub/packet-batch.js';
import { matchTracks } from './track-match.js';

/** Largest packet of RTP inside RTSP. */
const MAX_PACKET_BYTES = 65_535;

/** Takes what another stream brings in place of a camera's own. Calls are synchronous. */
export interface OtherStreamSink {
  /** Before the first packet, which begins a keyframe. @param tracks whose packets follow */
  begin(tracks: readonly SdpTrack[]): void;
  /** The view may be used only until the call returns. */
  rtp(track: number, buf: Buffer, offset: number, length: number): void;
  flush(): void;
  /** It has no media any more, or never had. */
  away(): void;
  /** It has other codecs than the stream whose place it should take. */
  unfit(): void;
}

/** Another stream, from a keyframe on, in the dress of the one whose place it takes: its tracks and payload types. */
export class OtherStream implements HubReader {
  readonly holdsBatches = false;
  private theirs: readonly SdpTrack[] = [];
  private map: readonly number[] | undefined;
  private started = false;
  private readonly scratch = Buffer.allocUnsafe(MAX_PACKET_BYTES);

  /** @param own tracks to stand for; undefined: nothing is known of them, and the other's are taken */
  constructor(
    private readonly hub: Hub,
    private readonly own: readonly SdpTrack[] | undefined,
    private readonly sink: OtherStreamSink,
  ) {}

  start(): void {
    this.hub.attach(this, { fromKeyframe: true });
  }

  stop(): void {
    this.hub.detach(this);
  }

  tracks(tracks: readonly SdpTrack[]): void {
    this.theirs = tracks;
    this.started = false;
    this.map = matchTracks(this.own ?? tracks, tracks);
    if (this.map === undefined) this.sink.unfit();
  }

  batch(batch: PacketBatch, from: number): void {
    const { map } = this;
    if (map === undefined) return;
    let first = from;
    if (!this.started) {
      const hasVideo = this.theirs.some(({ format }) => format.kind === 'video');
      if (hasVideo && batch.keyframeAt < 0) return;
      first = Math.max(batch.keyframeAt, from);
      this.started = true;
      this.sink.begin(this.own ?? this.theirs);
      if (hasVideo) this.sendParameterSets(batch, first);
    }
    for (let i = first; i < batch.count; i++)
      this.pass(batch.tracks[i]!, batch.bytes, batch.offsets[i]!, batch.lengths[i]!);
    this.sink.flush();
  }

  interrupted(): void {
    this.started = false;
    this.sink.away();
  }

  unavailable(): void {
    this.sink.away();
  }

  closed(): void {
    this.map = undefined;
    this.sink.away();
  }

  private pass(track: number, buf: Buffer, offset: number, length: number): void {
    const own = this.map?.[track] ?? -1;
    if (own < 0) return;
    const payloadType = (this.own ?? this.theirs)[own]!.format.payloadType;
    if ((buf[offset + 1]! & 0x7f) === payloadType) {
      this.sink.rtp(own, buf, offset, length);
      return;
    }
    // Batches are shared: what is changed is changed in a copy.
    const { scratch } = this;
    buf.copy(scratch, 0, offset, offset + length);
    scratch[1] = (scratch[1]! & 0x80) | payloadType;
    this.sink.rtp(own, scratch, 0, length);
  }

  /** A decoder that knows the parameter sets of the other stream only must be told these, if the keyframe does not. */
  private sendParameterSets(batch: PacketBatch, first: number): void {
    for (const packet of parameterSetPackets(this.theirs, batch, first))
      this.pass(batch.tracks[first]!, packet, 0, packet.length);
  }
}

/** The parameter sets that the SDP names, as packets to be sent before packet `first` of a batch. */
export function parameterSetPackets(
  tracks: readonly SdpTrack[],
  { bytes, offsets, tracks: trackOf }: PacketBatch,
  first: number,
): Buffer[] {
  const format = tracks[trackOf[first]!]?.format;
  const at = offsets[first]!;
  const config =
    format === undefined
      ? undefined
      : createDepacketizer(format, { accessUnit: () => undefined, config: () => undefined })
          ?.config;
  if (format === undefined || (config?.codec !== 'h264' && config?.codec !== 'h265')) return [];
  const packetizer = createPacketizer(config, {
    payloadType: format.payloadType,
    ssrc: 0,
    firstSequence: 0,
  });
  // A keyframe of one access unit delimiter, which is left off.
  const delimiter = config.codec === 'h264' ? [0, 0, 0, 1, 9] : [0, 0, 0, 2, 70, 1];
  const packets = packetizer
    .packetize({ data: Buffer.from(delimiter), keyframe: true }, timestampOf(bytes, at))
    .slice(0, -1);
  for (const [index, packet] of packets.entries())
    packet.writeUInt16BE((sequenceOf(bytes, at) - packets.length + index) & 0xffff, 2);
  return packets;
}
