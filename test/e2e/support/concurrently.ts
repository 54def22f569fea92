/** Cores of the smallest machine these tests are meant for. */
const AT_ONCE = 2;

/**
 * Results of `work` for each item, in their order, a few items at a time.
 * @param atOnce more than there are cores, for work that mostly waits
 */
export async function concurrently<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  atOnce = AT_ONCE,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]!);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
