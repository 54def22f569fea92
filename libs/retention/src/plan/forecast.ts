/** What one camera does to one volume. */
export interface Inflow {
  readonly bytesPerDay: number;
  /** Its footage stops growing after so many days: it is then as old as `maxAge` allows, or as many as `maxBytes`. Infinity: never. */
  readonly growsForDays: number;
}

/**
 * When a volume is full at the present rates: days from now until its growing cameras have used up `roomBytes`.
 * @returns undefined if that never happens
 */
export function daysUntilFull(roomBytes: number, inflows: readonly Inflow[]): number | undefined {
  if (roomBytes <= 0) return 0;
  const growing = inflows
    .filter(({ bytesPerDay, growsForDays }) => bytesPerDay > 0 && growsForDays > 0)
    .toSorted((a, b) => a.growsForDays - b.growsForDays);
  let rate = growing.reduce((sum, { bytesPerDay }) => sum + bytesPerDay, 0);
  let room = roomBytes;
  let day = 0;
  for (const { bytesPerDay, growsForDays } of growing) {
    const grown = rate * (growsForDays - day);
    if (grown >= room) return day + room / rate;
    room -= grown;
    day = growsForDays;
    rate -= bytesPerDay;
  }
  return undefined;
}

/** What one camera wants to keep on one volume. */
export interface Wish {
  readonly bytesPerDay: number;
  /** Infinity: as much as there is room for. */
  readonly days: number;
}

/**
 * How far back footage reaches once the volume is full and the oldest goes first.
 * @returns Infinity if all wishes fit
 */
export function horizonDays(capacityBytes: number, wishes: readonly Wish[]): number {
  return (
    daysUntilFull(
      Math.max(0, capacityBytes),
      wishes.map(({ bytesPerDay, days }) => ({ bytesPerDay, growsForDays: days })),
    ) ?? Infinity
  );
}
