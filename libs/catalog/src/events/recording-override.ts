/** What somebody said about recording; it goes before the configuration until it ends. */
export interface RecordingOverride {
  readonly camera: string;
  /** undefined: all streams of the camera. */
  readonly stream: string | undefined;
  /**
   * `privacy` also keeps nothing in memory, and goes before the others. `no-room` is said by retention: the disks are full, and
   * what is not recorded meanwhile is missing.
   */
  readonly action: 'record' | 'stop' | 'privacy' | 'no-room';
  /** Wall time of its end, Unix epoch milliseconds; undefined: until it is taken back. */
  readonly untilMs: number | undefined;
  readonly reason: string | undefined;
  /** Name of the user, or of the part of Nightjar. */
  readonly setBy: string;
  readonly setAtMs: number;
}
