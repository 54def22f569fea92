/** What somebody said about recording; it goes before the configuration until it ends. */
export interface RecordingOverride {
  readonly camera: string;
  /** undefined: all streams of the camera. */
  readonly stream: string | undefined;
  /** `privacy` also keeps nothing in memory, and goes before the others. */
  readonly action: 'record' | 'stop' | 'privacy';
  /** Wall time of its end, Unix epoch milliseconds; undefined: until it is taken back. */
  readonly untilMs: number | undefined;
  readonly reason: string | undefined;
  /** Name of the user. */
  readonly setBy: string;
  readonly setAtMs: number;
}
