import { NightjarError } from '@nightjar/common';
import {
  createDepacketizer,
  createPacketizer,
  formatOf,
  repeatable,
  splitAnnexB,
  timestampOf,
  type Packetizer,
  type TrackFormat,
  type VideoConfig,
} from '@nightjar/rtp';
import { NO_SIGNAL_H264, NO_SIGNAL_H265 } from './no-signal.js';

const LENGTH_BYTES = 4;
const PAYLOAD_TYPE = 96;
/** A picture may be so large; more is not kept. */
export const MAX_KEPT_BYTES = 4 * 1024 * 1024;

/** One picture that can be shown for as long as one likes. */
export class Still {
  private readonly packetizer: Packetizer;
  private shown = 0;

  /** @throws NightjarError `protocol` when the picture is not one that can be repeated */
  constructor(
    private readonly forms: readonly [Buffer, Buffer],
    config: VideoConfig,
    format: TrackFormat,
  ) {
    this.packetizer = createPacketizer(config, {
      payloadType: format.payloadType,
      ssrc: 0,
      firstSequence: 0,
    });
  }

  /** The picture once more, as RTP packets, parameter sets first. */
  next(rtpTimestamp: number): Buffer[] {
    const data = this.forms[this.shown++ % 2]!;
    return this.packetizer.packetize({ data, keyframe: true }, rtpTimestamp);
  }
}

/** The bundled picture, for a track of that format; undefined for what is no H.264 or H.265. */
export function noSignal(format: TrackFormat): Still | undefined {
  if (format.codec !== 'h264' && format.codec !== 'h265') return undefined;
  const { config, unit } = bundled(format.codec);
  return new Still(repeatable(unit, config), config, format);
}

/** How the bundled picture is described where nothing is known of the camera yet. */
export function noSignalFormat(): TrackFormat {
  return formatOf(bundled('h264').config, PAYLOAD_TYPE);
}

function bundled(codec: 'h264' | 'h265'): { readonly config: VideoConfig; readonly unit: Buffer } {
  const nals = splitAnnexB(codec === 'h264' ? NO_SIGNAL_H264 : NO_SIGNAL_H265);
  const [first = EMPTY, second = EMPTY, third = EMPTY] = nals;
  const size = { widthPx: 640, heightPx: 360 };
  return codec === 'h264'
    ? { config: { codec, sps: first, pps: second, ...size }, unit: unitOf(nals.slice(2)) }
    : {
        config: { codec, vps: first, sps: second, pps: third, ...size },
        unit: unitOf(nals.slice(3)),
      };
}

const EMPTY = new Uint8Array(0);

function unitOf(nals: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    nals.flatMap((nal) => {
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32BE(nal.length);
      return [length, nal];
    }),
  );
}

/** Keeps the packets of a track's newest keyframe, so that it can be shown when the camera is away. */
export class KeptKeyframe {
  private packets: Buffer[] = [];
  private bytes = 0;
  private timestamp = -1;

  constructor(private readonly format: TrackFormat) {}

  /** The packet that begins a keyframe; it is copied. */
  begin(buf: Buffer, offset: number, length: number): void {
    this.packets = [];
    this.bytes = 0;
    this.timestamp = timestampOf(buf, offset);
    this.add(buf, offset, length);
  }

  /** Any later packet of the track; those of the keyframe are copied. */
  go(buf: Buffer, offset: number, length: number): void {
    if (this.timestamp < 0) return;
    if (timestampOf(buf, offset) === this.timestamp) this.add(buf, offset, length);
    else this.timestamp = -1;
  }

  /** The keyframe as a picture; undefined when there is none that is whole and can be repeated. */
  still(): Still | undefined {
    let still: Still | undefined;
    const depacketizer = createDepacketizer(this.format, {
      config: () => undefined,
      accessUnit: ({ data, keyframe, damaged }) => {
        const config = depacketizer?.config;
        if (!keyframe || damaged || still !== undefined) return;
        if (config?.codec !== 'h264' && config?.codec !== 'h265') return;
        try {
          still = new Still(repeatable(data, config), config, this.format);
        } catch (error) {
          // What cannot be repeated is not shown: the bundled picture is.
          if (!(error instanceof NightjarError)) throw error;
        }
      },
    });
    for (const packet of this.packets) depacketizer?.push(packet, 0, packet.length);
    depacketizer?.flush();
    return still;
  }

  private add(buf: Buffer, offset: number, length: number): void {
    this.bytes += length;
    if (this.bytes > MAX_KEPT_BYTES) {
      this.packets = [];
      this.timestamp = -1;
      return;
    }
    this.packets.push(Buffer.from(buf.subarray(offset, offset + length)));
  }
}
