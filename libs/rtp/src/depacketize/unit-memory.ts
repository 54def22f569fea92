/**
 * Where a depacketizer puts the bytes of access units: each payload is copied once, from its packet to its place here.
 *
 * A depacketizer writes to the room it claimed last, and to no other. It hands a finished unit to its sink as a view of
 * the beginning of that room, and claims anew before it writes again. What is to become of the unit is settled between
 * the sink and the memory while `accessUnit` runs: memory that is not told to keep the unit may give the same room out
 * again.
 */
export interface UnitMemory {
  /**
   * Room for one unit, with at least `bytes`, which may hold anything. A unit that outgrows its room is moved to the
   * next one, so the bytes of the room before must stay readable until the caller returns to the event loop.
   */
  claim(bytes: number): Buffer;
}

/** Every unit in memory of its own, which belongs to whoever holds it. */
export const ownMemory: UnitMemory = {
  // Not from the shared pool: the holder may keep one small unit for long, or transfer it.
  claim: (bytes) => Buffer.allocUnsafeSlow(bytes),
};
