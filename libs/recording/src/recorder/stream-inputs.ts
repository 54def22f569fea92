import type { PacketBatch } from '@nightjar/relay';
import type { AccessUnit, CodecConfig, Depacketizer } from '@nightjar/rtp';
import { createDepacketizer, sameConfig } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import type { MediaPool } from './media-memory.js';
import { RunTrack } from './run-track.js';

/** Takes what comes of the tracks of a stream; all calls are synchronous. */
export interface StreamSink {
  /** Its bytes are good until this returns, unless the track is told to keep them. */
  unit(track: RunTrack, unit: AccessUnit): void;
  /** The units that follow need another configuration. */
  reconfigured(track: RunTrack): void;
}

interface Input {
  readonly track: RunTrack;
  readonly depacketizer: Depacketizer;
}

/** From the packets of a stream to the access units of its tracks. */
export class StreamInputs {
  private inputs: readonly (Input | undefined)[] = [];
  private leading: RunTrack | undefined;

  constructor(
    private readonly pool: MediaPool,
    private readonly sink: StreamSink,
  ) {}

  /** The track that decides where runs, segments and fragments are cut: video, or the first sound. */
  get leader(): RunTrack | undefined {
    return this.leading;
  }

  /** All tracks that can be recorded. */
  get tracks(): RunTrack[] {
    return this.inputs.flatMap((input) => (input === undefined ? [] : [input.track]));
  }

  /** Begins anew with these tracks: nothing of their clocks and codecs before counts. */
  connect(sdp: readonly SdpTrack[]): void {
    for (const { memory } of this.tracks) memory.close();
    this.inputs = sdp.map(({ format }) => {
      const track = new RunTrack(format, this.pool);
      const depacketizer = createDepacketizer(
        format,
        {
          config: (config) => this.configured(track, config),
          accessUnit: (unit) => this.sink.unit(track, unit),
        },
        track.memory,
      );
      if (depacketizer === undefined) return undefined;
      track.config = depacketizer.config;
      return { track, depacketizer };
    });
    const { tracks } = this;
    this.leading = tracks.find((track) => track.source.kind === 'video') ?? tracks[0];
  }

  push(batch: PacketBatch, from: number): void {
    for (let index = from; index < batch.count; index += 1) {
      const input = this.inputs[batch.tracks[index] ?? -1];
      input?.depacketizer.push(batch.bytes, batch.offsets[index] ?? 0, batch.lengths[index] ?? 0);
    }
  }

  /** The camera's own report of one track, see `HubReader.cameraTime`. */
  cameraTime(track: number, ntpMs: number, timestamp: number, arrivalMs: number): void {
    this.inputs[track]?.track.report(ntpMs, timestamp, arrivalMs);
    const { leader } = this;
    if (leader !== undefined) for (const one of this.tracks) one.relate(leader);
  }

  /** The source ended: what it has begun is all there is. */
  flush(): void {
    for (const input of this.inputs) input?.depacketizer.flush();
  }

  private configured(track: RunTrack, config: CodecConfig): void {
    if (track.config !== undefined && sameConfig(track.config, config)) return;
    track.config = config;
    this.sink.reconfigured(track);
  }
}
