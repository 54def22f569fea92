/** One of the pieces that a unit is split into. */
export interface Fragment {
  readonly bytes: Uint8Array;
  readonly first: boolean;
  readonly last: boolean;
}

/** A unit in pieces of at most `room` bytes, as views; an empty unit has none. */
export function fragmentsOf(data: Uint8Array, room: number): Fragment[] {
  const fragments: Fragment[] = [];
  for (let at = 0; at < data.length; at += room) {
    const end = Math.min(at + room, data.length);
    fragments.push({ bytes: data.subarray(at, end), first: at === 0, last: end === data.length });
  }
  return fragments;
}
