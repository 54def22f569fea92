import type { CodecConfig } from '../format.js';
import type { AccessUnitSink } from './depacketizer.js';
import type { UnitMemory } from './unit-memory.js';

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
