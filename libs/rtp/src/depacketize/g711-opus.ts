import type { CodecConfig, TrackFormat } from '../format.js';
import { configOf } from '../sdp-format.js';
import { AudioFrames } from './audio-frames.js';
import type { AccessUnitSink, Depacketizer } from './depacketizer.js';
import { PacketCursor } from './packet-cursor.js';
import type { UnitMemory } from './unit-memory.js';

/** Formats where a payload is an access unit as it stands: G.711 (RFC 3551 s.4.5.14) and Opus (RFC 7587). */
export class PayloadDepacketizer implements Depacketizer {
  readonly #cursor: PacketCursor;
  readonly #frames: AudioFrames;

  constructor(format: TrackFormat, sink: AccessUnitSink, memory: UnitMemory) {
    this.#cursor = new PacketCursor(format.payloadType);
    this.#frames = new AudioFrames(configOf(format), sink, memory);
  }

  get config(): CodecConfig | undefined {
    return this.#frames.config;
  }

  push(buf: Buffer, offset: number, length: number): void {
    const cursor = this.#cursor;
    if (!cursor.read(buf, offset, length)) return;
    if (cursor.lossBefore) this.#frames.damage();
    if (cursor.payloadStart === cursor.payloadEnd) return;
    this.#frames.copy(buf, cursor.payloadStart, cursor.payloadEnd, cursor.ticks);
  }

  /** Nothing is ever pending. */
  flush(): void {}
}
