import { IANAZone } from 'luxon';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Further than any offset from UTC, and than any jump of one, is from zero. */
const REACH_MS = 36 * HOUR_MS;
const STEP_MS = 3 * HOUR_MS;

/** A calendar day as the number of days since 1970-01-01, whatever the zone. */
export type DayNumber = number;

/** The local clock of a zone, with its jumps. Local times are milliseconds as if the local clock showed UTC. */
export class ZoneTime {
  private readonly zone: IANAZone;

  /** @param name IANA name, known to this installation */
  constructor(name: string) {
    this.zone = IANAZone.create(name);
  }

  /** What the local clock shows. */
  localMs(ms: number): number {
    return ms + this.offsetMs(ms);
  }

  dayOf(ms: number): DayNumber {
    return Math.floor(this.localMs(ms) / DAY_MS);
  }

  /** Whether the zone has this day: one that moves over the date line leaves one out. */
  hasDay(day: DayNumber): boolean {
    const noon = day * DAY_MS + DAY_MS / 2;
    return this.dayOf(this.latest(noon)) === day;
  }

  /** When the local clock first shows a time, or first a later one because it is put forward over it. */
  earliest(localMs: number): number {
    const shown = this.showing(localMs);
    return shown[0] ?? this.jumpOver(localMs);
  }

  /** When the local clock last shows a time; one that is left out counts as moved forward by as much as the clock was. */
  latest(localMs: number): number {
    const shown = this.showing(localMs);
    return shown.at(-1) ?? localMs - this.offsetMs(this.jumpOver(localMs) - 1);
  }

  /** The instants at which the local clock shows a time, in order: one, none or several. */
  private showing(localMs: number): number[] {
    const offsets = new Set(this.offsetsAround(localMs));
    return [...offsets]
      .map((offset) => localMs - offset)
      .filter((ms) => this.localMs(ms) === localMs)
      .sort((a, b) => a - b);
  }

  /** The instant at which the local clock is put forward over a time. */
  private jumpOver(localMs: number): number {
    let before = localMs - REACH_MS;
    let after = localMs + REACH_MS;
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (this.localMs(middle) < localMs) before = middle;
      else after = middle;
    }
    return after;
  }

  private offsetsAround(localMs: number): number[] {
    const first = this.offsetMs(localMs - REACH_MS);
    const last = this.offsetMs(localMs + REACH_MS);
    // Nearly always: no change for days around.
    if (first === last && this.localMs(localMs - first) === localMs) return [first];
    const offsets: number[] = [];
    for (let ms = localMs - REACH_MS; ms <= localMs + REACH_MS; ms += STEP_MS)
      offsets.push(this.offsetMs(ms));
    return offsets;
  }

  private offsetMs(ms: number): number {
    return Math.round(this.zone.offset(ms) * MINUTE_MS);
  }
}

export const DAY_MS = 24 * HOUR_MS;
