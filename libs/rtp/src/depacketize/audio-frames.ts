import type { CodecConfig } from '../format.js';
import { parseAudioSpecificConfig } from '../parameter-sets/audio-specific-config.js';
import { sameConfig } from '../sdp-format.js';
import type { AccessUnitSink } from './depacketizer.js';
import type { UnitMemory } from './unit-memory.js';

const DEFAULT_FRAME_SAMPLES = 1024;

/** One frame of AAC on the RTP clock, which is not that of the core when spectral band replication doubles it. */
export function aacFrameTicks(config: CodecConfig | undefined, clockRateHz: number): number {
  if (config?.codec !== 'aac') return DEFAULT_FRAME_SAMPLES;
  const { frameSamples, sampleRateHz } = parseAudioSpecificConfig(config.audioSpecificConfig);
  return Math.round((frameSamples * clockRateHz) / sampleRateHz);
}

/** Hands audio frames to the sink: the configuration once before the first, the loss flag with the first after a loss. */
export class AudioFrames {
  readonly #sink: AccessUnitSink;
  readonly #memory: UnitMemory;
  #config: CodecConfig | undefined;
  #announced = false;
  #damaged = false;

  constructor(config: CodecConfig | undefined, sink: AccessUnitSink, memory: UnitMemory) {
    this.#config = config;
    this.#sink = sink;
    this.#memory = memory;
  }

  get config(): CodecConfig | undefined {
    return this.#config;
  }

  /** Takes a configuration found in the stream, if none is known. */
  learn(config: CodecConfig): void {
    this.#config ??= config;
  }

  /** Takes what the stream says now in the place of what was known. */
  change(config: CodecConfig): void {
    if (this.#config !== undefined && sameConfig(this.#config, config)) return;
    this.#config = config;
    this.#announced = false;
  }

  /** Something before the next frame is missing. */
  damage(): void {
    this.#damaged = true;
  }

  /** Room for one frame of exactly `bytes`; good until the next call of `claim` or `copy`. */
  claim(bytes: number): Uint8Array {
    const { buffer, byteOffset } = this.#memory.claim(bytes);
    return new Uint8Array(buffer, byteOffset, bytes);
  }

  /** Delivers a frame that stands in a packet. */
  copy(buf: Buffer, start: number, end: number, ticks: number): void {
    const data = this.claim(end - start);
    buf.copy(data, 0, start, end);
    this.deliver(data, ticks);
  }

  /** `data` was claimed here last, and is given away. */
  deliver(data: Uint8Array, ticks: number): void {
    if (this.#config === undefined) return;
    if (!this.#announced) {
      this.#announced = true;
      this.#sink.config(this.#config);
    }
    const damaged = this.#damaged;
    this.#damaged = false;
    this.#sink.accessUnit({ data, ticks, keyframe: true, damaged });
  }
}
