/**
 * Decode times for samples given in decode order by their presentation times. Without B-frames they are equal; with
 * B-frames the n-th sample takes the n-th smallest presentation time, so that decode times rise and composition offsets
 * stay small (they may be negative: `trun` version 1).
 * @param presentation ticks, not empty
 * @param floor the first decode time is not below it: where the samples before ended
 * @returns strictly rising ticks, one per sample
 */
export function decodeTimes(presentation: readonly number[], floor: number): number[] {
  const times = [...presentation].sort((a, b) => a - b);
  let least = floor;
  for (let index = 0; index < times.length; index += 1) {
    const time = Math.max(times[index] ?? least, least);
    times[index] = time;
    least = time + 1;
  }
  return times;
}

/** True if some sample is presented before one that is decoded earlier. */
export function hasReordering(presentation: readonly number[]): boolean {
  return presentation.some(
    (ticks, index) => index > 0 && ticks < (presentation[index - 1] ?? ticks),
  );
}
