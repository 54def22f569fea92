import {
  decodeRtcp,
  markerOf,
  payloadTypeOf,
  sequenceOf,
  ssrcOf,
  timestampOf,
} from '@nightjar/rtp';
import type { RtcpItem } from '@nightjar/rtp';
import type { StreamOutput } from '@nightjar/relay';
import { readFrameStamp } from '../frame-stamp.js';

export interface SeenPacket {
  readonly track: number;
  readonly payloadType: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  readonly marker: boolean;
  readonly frame: number | undefined;
}

/** Keeps what a camera sends. */
export class RecordingOutput implements StreamOutput {
  readonly transport = 'tcp';
  readonly queuedBytes = 0;
  readonly packets: SeenPacket[] = [];
  readonly reports: Extract<RtcpItem, { type: 'sr' }>[] = [];
  flushes = 0;
  behind = false;
  private wake: () => void = () => undefined;

  ssrc(track: number): number {
    return 1000 + track;
  }

  batch(): void {
    throw new Error('cameras send packets, not batches');
  }

  send(track: number, packet: Buffer, rtcp: boolean): void {
    if (rtcp) {
      for (const item of decodeRtcp(packet, 0, packet.length)) {
        if (item.type === 'sr') this.reports.push(item);
      }
      return;
    }
    this.packets.push({
      track,
      payloadType: payloadTypeOf(packet, 0),
      sequence: sequenceOf(packet, 0),
      timestamp: timestampOf(packet, 0),
      ssrc: ssrcOf(packet, 0),
      marker: markerOf(packet, 0),
      frame: readFrameStamp(packet)?.frame,
    });
  }

  stopped(): void {
    // Cameras have no sessions that go on.
  }

  flush(): boolean {
    this.flushes += 1;
    return !this.behind;
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  /** The client has caught up. */
  async catchUp(): Promise<void> {
    this.behind = false;
    this.wake();
    await Promise.resolve();
  }

  end(): void {}

  cut(): void {}

  /** Takes the packets of one track that came since the last call. */
  take(track: number): SeenPacket[] {
    const taken = this.packets.filter((packet) => packet.track === track);
    this.packets.length = 0;
    return taken;
  }
}
