/**
 * Calls of the file system on one volume that may run at a time in one process. A disk that hangs keeps a thread of libuv per
 * call, for as long as it hangs; with this bound and enough threads it cannot take those of other volumes.
 */
export const VOLUME_CALLS = 4;

/** Per volume, beside them: its journal, and the check of its health. */
const OTHER_CALLS = 2;
/** For everything else: playback, configuration, name resolution. What libuv has by default. */
export const DEFAULT_THREADS = 4;
/** Of libuv. */
const MAX_THREADS = 1_024;

/**
 * Threads of libuv that a process which records needs, so that no number of hanging volumes holds up the others: the value of
 * UV_THREADPOOL_SIZE, which must stand in its environment when it starts.
 */
export function threadsFor({
  volumes,
}: {
  readonly volumes: Readonly<Record<string, unknown>>;
}): number {
  const each = VOLUME_CALLS + OTHER_CALLS;
  return Math.min(DEFAULT_THREADS + Object.keys(volumes).length * each, MAX_THREADS);
}
