/** A recorded stretch of wall time, Unix epoch milliseconds; the end is excluded. */
export interface Footage {
  readonly startMs: number;
  readonly endMs: number;
}

export interface TimelineOptions {
  /** `real`: holes are part of play time, as if footage stood there. Else they are skipped. */
  readonly gaps?: 'skip' | 'real';
  /** Footage may still come; without it the end is final. */
  readonly growing?: boolean;
}

/** Stretches closer together than this are one: it is a rounding of file names, not a hole. */
const TOUCHING_MS = 2;

interface Stretch extends Footage {
  /** Normal play time at `startMs`, milliseconds. */
  readonly nptMs: number;
}

/**
 * The relation of the two times of a recording: wall time, which has holes where nothing was recorded, and normal play
 * time (RFC 2326 s.3.6), which starts with 0 at the first recorded instant of the addressed range and skips them.
 */
export class Timeline {
  private readonly stretches: Stretch[] = [];
  private complete = false;

  /**
   * @param footage sorted by start; overlaps count once. Clipped to [fromMs, toMs).
   */
  constructor(
    footage: readonly Footage[],
    private readonly fromMs: number,
    private readonly toMs: number,
    private readonly options: TimelineOptions = {},
  ) {
    for (const one of footage) this.append(one);
  }

  /** Footage has come to the end. What is known already, or lies before the end, changes nothing. */
  append({ startMs, endMs }: Footage): void {
    const previous = this.stretches.at(-1);
    const start = Math.max(startMs, this.fromMs, previous?.endMs ?? -Infinity);
    const end = Math.min(endMs, this.toMs);
    if (end <= start) return;
    const touches = this.options.gaps === 'real' || start - (previous?.endMs ?? 0) <= TOUCHING_MS;
    if (previous !== undefined && touches) {
      this.stretches[this.stretches.length - 1] = { ...previous, endMs: end };
    } else {
      this.stretches.push({ startMs: start, endMs: end, nptMs: this.durationMs });
    }
  }

  /** Whether footage may still come. */
  get growing(): boolean {
    return this.options.growing === true && !this.complete;
  }

  /** No footage comes any more: time has passed its limit. */
  end(): void {
    this.complete = true;
  }

  /** Footage from here on does not belong to it, whenever it comes. */
  get limitMs(): number {
    return this.toMs;
  }

  get empty(): boolean {
    return this.stretches.length === 0;
  }

  /** First recorded instant. */
  get startMs(): number {
    return this.stretches[0]?.startMs ?? 0;
  }

  /** End of the last recorded stretch. */
  get endMs(): number {
    return this.stretches.at(-1)?.endMs ?? 0;
  }

  /** Recorded time without the holes. */
  get durationMs(): number {
    const last = this.stretches.at(-1);
    return last === undefined ? 0 : last.nptMs + last.endMs - last.startMs;
  }

  /** Wall time of a normal play time, both in milliseconds; beyond the end it is the end. */
  wallAt(nptMs: number): number {
    const stretch = this.last((s) => s.nptMs <= nptMs) ?? this.stretches[0];
    if (stretch === undefined) return 0;
    return Math.min(stretch.startMs + Math.max(nptMs - stretch.nptMs, 0), stretch.endMs);
  }

  /** Normal play time of a wall time, both in milliseconds; inside a hole it is that of the footage after it. */
  nptAt(wallMs: number): number {
    const stretch = this.last((s) => s.startMs <= wallMs);
    if (stretch === undefined) return 0;
    // At the end of footage that grows, sound is a little ahead of the picture that tells how far it reaches.
    const ahead = this.growing && stretch === this.stretches.at(-1);
    return stretch.nptMs + (ahead ? wallMs : Math.min(wallMs, stretch.endMs)) - stretch.startMs;
  }

  /** This instant if something was recorded there, else where the footage after it begins. */
  footageAt(wallMs: number): number {
    return this.options.gaps === 'real' ? wallMs : this.wallAt(this.nptAt(wallMs));
  }

  /** Whether something was recorded at this instant. */
  covers(wallMs: number): boolean {
    const stretch = this.last((s) => s.startMs <= wallMs);
    return stretch !== undefined && wallMs < stretch.endMs;
  }

  private last(holds: (stretch: Stretch) => boolean): Stretch | undefined {
    let low = 0;
    let high = this.stretches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(this.stretches[middle]!)) low = middle + 1;
      else high = middle;
    }
    return this.stretches[low - 1];
  }
}
