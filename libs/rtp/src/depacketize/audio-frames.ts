import type { CodecConfig } from '../format.js';
import type { AccessUnitSink } from './depacketizer.js';

/** Hands audio frames to the sink: the configuration once before the first, the loss flag with the first after a loss. */
export class AudioFrames {
  readonly #sink: AccessUnitSink;
  #config: CodecConfig | undefined;
  #announced = false;
  #damaged = false;

  constructor(config: CodecConfig | undefined, sink: AccessUnitSink) {
    this.#config = config;
    this.#sink = sink;
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

  /** `data` is given away. */
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
