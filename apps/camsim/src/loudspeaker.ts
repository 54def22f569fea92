import { payloadEndOf, payloadStartOf, payloadTypeOf, rtpDefect } from '@nightjar/rtp';
import type { MountTrack } from '@nightjar/relay';

const PCMU = 0;
const SAMPLE_RATE_HZ = 8_000;
/** G.711 is a byte per sample; what was said earlier is forgotten. */
const KEPT_BYTES = 10 * SAMPLE_RATE_HZ;

/** What came to a loudspeaker since the start of the simulator. */
export interface Heard {
  readonly packets: number;
  readonly bytes: number;
}

/** The loudspeaker of a simulated camera, which takes G.711 u-law through the ONVIF back channel (ONVIF Streaming s.5.3). */
export class Loudspeaker {
  private packets = 0;
  private bytes = 0;
  /** Made when somebody talks: most of many cameras hear nothing. */
  private ring = Buffer.alloc(0);

  get heard(): Heard {
    return { packets: this.packets, bytes: this.bytes };
  }

  /** The last ten seconds, u-law at 8 kHz. */
  get sound(): Buffer {
    const at = this.bytes % KEPT_BYTES;
    if (this.bytes < KEPT_BYTES) return Buffer.from(this.ring.subarray(0, at));
    return Buffer.concat([this.ring.subarray(at), this.ring.subarray(0, at)]);
  }

  /** As the description of the camera names it. @param index of the track */
  track(index: number): MountTrack {
    return {
      format: {
        kind: 'audio',
        codec: 'pcmu',
        payloadType: PCMU,
        clockRateHz: SAMPLE_RATE_HZ,
        channels: 1,
        encodingName: 'PCMU',
        fmtp: {},
      },
      control: `trackID=${index}`,
      direction: 'sendonly',
      attributes: ['sendonly'],
    };
  }

  /** One RTP packet; what is none of its format is passed over. */
  play(buf: Buffer, offset: number, length: number): void {
    if (rtpDefect(buf, offset, length) !== undefined) return;
    if (payloadTypeOf(buf, offset) !== PCMU) return;
    this.packets += 1;
    if (this.ring.length === 0) this.ring = Buffer.alloc(KEPT_BYTES);
    const end = payloadEndOf(buf, offset, length);
    for (let from = payloadStartOf(buf, offset); from < end;) {
      const at = this.bytes % KEPT_BYTES;
      const copied = buf.copy(this.ring, at, from, Math.min(end, from + KEPT_BYTES - at));
      from += copied;
      this.bytes += copied;
    }
  }
}
