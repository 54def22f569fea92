import type { ReplayFields } from '@nightjar/rtp';

/** What waits for its successor at most: a track that ends early must not hold up the others. */
const MAX_HELD = 256;

/** Where a unit stands in the footage (ONVIF Streaming s.6.3). */
export type Marks = Pick<ReplayFields, 'endOfSection' | 'discontinuity' | 'terminal'>;

export interface Marked<T> {
  readonly item: T;
  readonly marks: Marks;
}

interface Held<T> {
  readonly item: T;
  readonly marks: { endOfSection: boolean; discontinuity: boolean; terminal: boolean };
}

/**
 * Marks what is the last of its track before a gap, which is known only when the next does or does not come: units pass in
 * order, each held until one of the same track stands behind it.
 */
export class SectionMarks<T extends { readonly track: number }> {
  private held: Held<T>[] = [];
  private readonly waiting = new Map<number, number>();
  /** Tracks that had a unit since the last discontinuity. */
  private readonly begun = new Set<number>();

  /** What comes next does not follow what came before. */
  discontinuity(): void {
    this.begun.clear();
  }

  /** Takes the next unit; gives those that may go. */
  push(item: T): Marked<T>[] {
    const discontinuity = !this.begun.has(item.track);
    this.begun.add(item.track);
    this.held.push({ item, marks: { endOfSection: false, discontinuity, terminal: false } });
    this.waiting.set(item.track, (this.waiting.get(item.track) ?? 0) + 1);
    let free = 0;
    for (const { item: first } of this.held) {
      const left = this.waiting.get(first.track) ?? 0;
      if (left < 2 && this.held.length - free <= MAX_HELD) break;
      this.waiting.set(first.track, left - 1);
      free += 1;
    }
    return this.held.splice(0, free);
  }

  /** The footage breaks off here. @param terminal and nothing is known to come after it */
  end(terminal: boolean): Marked<T>[] {
    return this.close({ endOfSection: true, terminal });
  }

  /** Play ends here, with footage behind it. */
  stop(): Marked<T>[] {
    return this.close({ endOfSection: false, terminal: true });
  }

  private close(marks: {
    readonly endOfSection: boolean;
    readonly terminal: boolean;
  }): Marked<T>[] {
    const { held } = this;
    const seen = new Set<number>();
    for (const one of held.toReversed()) {
      if (!seen.has(one.item.track)) Object.assign(one.marks, marks);
      seen.add(one.item.track);
    }
    this.held = [];
    this.waiting.clear();
    return held;
  }
}
