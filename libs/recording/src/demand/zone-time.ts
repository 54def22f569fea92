import { IANAZone } from 'luxon';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Further than any offset from UTC, and than any jump of one, is from zero. */
const REACH_MS = 36 * HOUR_MS;
/** No clock is changed twice within this. */
const STEP_MS = 3 * HOUR_MS;
const MAX_OFFSETS = 4_096;

/** A calendar day as the number of days since 1970-01-01, whatever the zone. */
export type DayNumber = number;

/** The local clock of a zone, with its jumps. Local times are milliseconds as if the local clock showed UTC. */
export class ZoneTime {
  private static readonly known = new Map<string, ZoneTime>();
  /** Offsets at multiples of {@link STEP_MS}: asking the zone takes long, and the same is asked by every schedule. */
  private readonly offsets = new Map<number, number>();

  private constructor(private readonly zone: IANAZone) {}

  /** @param name IANA name, known to this installation */
  static of(name: string): ZoneTime {
    let zone = ZoneTime.known.get(name);
    if (zone === undefined) ZoneTime.known.set(name, (zone = new ZoneTime(IANAZone.create(name))));
    return zone;
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
    const step = Math.floor(ms / STEP_MS);
    const offset = this.offsetAtStep(step);
    return offset === this.offsetAtStep(step + 1) ? offset : this.exactOffsetMs(ms);
  }

  private offsetAtStep(step: number): number {
    let offset = this.offsets.get(step);
    if (offset === undefined) {
      if (this.offsets.size >= MAX_OFFSETS) this.offsets.clear();
      this.offsets.set(step, (offset = this.exactOffsetMs(step * STEP_MS)));
    }
    return offset;
  }

  private exactOffsetMs(ms: number): number {
    return Math.round(this.zone.offset(ms) * MINUTE_MS);
  }
}

export const DAY_MS = 24 * HOUR_MS;
