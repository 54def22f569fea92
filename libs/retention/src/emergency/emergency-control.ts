/** Stops and releases cameras on behalf of a volume that is full of protected footage. */
export interface EmergencyControl {
  /** Cameras stopped for this volume, in the order in which they were. */
  stopped(volume: string): Promise<readonly string[]>;
  /** Cameras that are left alone, because somebody said by hand what they shall do. */
  spared(): Promise<readonly string[]>;
  stop(volume: string, cameras: readonly string[]): Promise<void>;
  release(volume: string, cameras: readonly string[]): Promise<void>;
}
