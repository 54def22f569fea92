/** Stops and releases cameras on behalf of a volume that is full of protected footage. */
export interface EmergencyControl {
  /** Cameras stopped for this volume, in the order in which they were. */
  stopped(volume: string): Promise<readonly string[]>;
  stop(volume: string, cameras: readonly string[]): Promise<void>;
  release(volume: string, cameras: readonly string[]): Promise<void>;
}

/** Where nothing can be stopped there is the alarm. */
export const ALARM_ONLY: EmergencyControl = {
  stopped: async () => [],
  stop: async () => undefined,
  release: async () => undefined,
};
