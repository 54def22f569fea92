/** What a camera is told to do. Velocities are -1 to 1 of the fastest: right, up and closer are positive. */
export type PtzCommand =
  | {
      readonly action: 'move';
      readonly pan: number;
      readonly tilt: number;
      readonly zoom: number;
      /** It stops by itself after this: a stop may be lost. */
      readonly forMs: number;
    }
  | { readonly action: 'stop' }
  | { readonly action: 'home' }
  | { readonly action: 'set-home' }
  /** By name or token. */
  | { readonly action: 'go-to-preset'; readonly preset: string }
  | { readonly action: 'save-preset'; readonly preset: string }
  | { readonly action: 'remove-preset'; readonly preset: string };

/** A position that the camera keeps. */
export interface PtzPreset {
  readonly token: string;
  readonly name: string | undefined;
}
