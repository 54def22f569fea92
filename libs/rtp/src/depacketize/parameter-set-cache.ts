import { NightjarError } from '@nightjar/common';
import type { CodecConfig } from '../format.js';
import type { VideoSyntax } from './video-syntax.js';

/** The parameter sets in force, one of each type, and the configuration they make. */
export class ParameterSetCache {
  readonly #syntax: VideoSyntax;
  #sets: (Uint8Array | undefined)[];
  #config: CodecConfig | undefined;

  constructor(syntax: VideoSyntax, initial: CodecConfig | undefined) {
    this.#syntax = syntax;
    this.#sets = syntax.setsOf(initial);
    this.#config = initial;
  }

  /** A new object whenever a set changed. */
  get config(): CodecConfig | undefined {
    return this.#config;
  }

  /** Takes a parameter set from the stream; copies it if it is new. One that makes the whole unreadable is ignored. */
  offer(nal: Uint8Array): void {
    const index = this.#syntax.setTypes.indexOf(this.#syntax.typeOf(nal[0] ?? 0));
    const known = this.#sets[index];
    if (index < 0 || (known !== undefined && Buffer.compare(known, nal) === 0)) return;
    const sets = this.#sets.with(index, Uint8Array.from(nal));
    try {
      this.#config = this.#syntax.configOf(sets) ?? this.#config;
      this.#sets = sets;
    } catch (error) {
      if (!(error instanceof NightjarError)) throw error;
    }
  }
}
