import type { CameraAction } from '@nightjar/config';
import type { FootageSpan } from './footage-span.js';

/** Who asks, once proven. */
export interface Principal {
  /** Of the user; unique for every signed URL. */
  readonly name: string;
  /** Undefined: a user, who may do what the configuration says. */
  readonly url?: UrlGrant | undefined;
}

/** What a signed URL gives whoever has it. */
export interface UrlGrant {
  readonly action: CameraAction;
  readonly camera: string;
  /** The only footage that playback may be of; undefined: all. */
  readonly span?: FootageSpan | undefined;
  /** Unix epoch. */
  readonly expiresAtMs: number;
  /** The user whose rights it lends; undefined: whoever administers this machine. */
  readonly issuer: string | undefined;
  /** The only address that may use it. */
  readonly address: string | undefined;
}
