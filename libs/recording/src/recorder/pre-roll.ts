import type { PreRoll } from '../demand/demand.js';
import type { RunTrack } from './run-track.js';
import type { TimedUnit } from '../segments/segment-builder.js';

/** A unit as it came. */
export interface HeldUnit {
  readonly track: RunTrack;
  readonly unit: TimedUnit;
  /** Monotonic. */
  readonly arrivalMs: number;
}

/** A keyframe of the leader and all that came before the next one, of all tracks. */
export interface HeldGop {
  readonly startTicks: number;
  /** Of the first unit of the leader that was lost before it, on the leader's line. */
  readonly lostTicks: number | undefined;
  readonly units: HeldUnit[];
  bytes: number;
}

/**
 * The last seconds of a stream, in memory, should an event come: whole GOPs from the keyframe that is needed for the wanted
 * length on. It owns the holds on the blocks of its units until they are taken or let go of.
 */
export class PreRollMemory {
  private gops: HeldGop[] = [];
  private size = 0;
  private lostTicks: number | undefined;
  private short: string | undefined;

  /** @param leader of the track by which GOPs are cut, where it stands on the wall: its clock may be set anew */
  constructor(
    private readonly limits: PreRoll,
    private readonly leader: () => RunTrack | undefined,
  ) {}

  /** Bytes of the units held; their blocks may be larger by one block per track. */
  get bytes(): number {
    return this.size;
  }

  /** Nothing is held, so that a unit which is no keyframe has no place. */
  get empty(): boolean {
    return this.gops.length === 0;
  }

  /** Wall time of the oldest picture. */
  get startMs(): number | undefined {
    const [first] = this.gops;
    return first && this.leader()?.clock.wallMs(first.startTicks);
  }

  /** Arrival of the oldest unit, monotonic. */
  get firstArrivalMs(): number | undefined {
    return this.gops[0]?.units[0]?.arrivalMs;
  }

  /** Why it does not reach back as far as it should, although it could have; raw reason of a gap. */
  get shortBecause(): string | undefined {
    return this.short;
  }

  /** Wall time from which footage may still come out of this memory, or will be missed. */
  settledMs(nowMs: number): number {
    const owedMs = this.short === undefined ? nowMs : nowMs - this.limits.durationMs;
    return Math.min(this.startMs ?? nowMs, owedMs);
  }

  /** A unit of the leader; takes its hold over. One that is no keyframe must not come while {@link empty}. */
  lead(held: HeldUnit): void {
    const { unit, track } = held;
    if (unit.keyframe) {
      const { ticks: startTicks } = unit;
      this.gops.push({ startTicks, lostTicks: this.lostTicks, units: [], bytes: 0 });
      this.lostTicks = undefined;
      this.forgetOld(track.clock.wallMs(startTicks) - this.limits.durationMs);
    }
    this.add(held);
    while (this.size > this.limits.maxBytes) {
      this.dropOldest();
      this.short = 'configuration';
    }
  }

  /** A unit of another track; takes its hold over. Must not come while {@link empty}. */
  follow(held: HeldUnit): void {
    this.add(held);
  }

  /** Units of the leader from here to the next keyframe are lost. */
  lose(ticks: number): void {
    if (!this.empty) this.lostTicks ??= ticks;
  }

  /**
   * Gives away what is held from the last keyframe at or before `sinceMs` on, or from the oldest if there is none, and lets
   * go of the rest.
   * @param notBeforeMs nothing that begins earlier
   */
  take(sinceMs: number, notBeforeMs: number): HeldGop[] {
    this.forgetOld(sinceMs);
    while ((this.startMs ?? Infinity) < notBeforeMs) this.dropOldest();
    const { gops } = this;
    this.gops = [];
    this.size = 0;
    return gops;
  }

  /** Lets go of all. @param reason why it will be short for a while; undefined: nobody wanted it so far back */
  release(reason: string | undefined): void {
    while (!this.empty) this.dropOldest();
    this.lostTicks = undefined;
    this.short = reason ?? this.short;
  }

  private add(held: HeldUnit): void {
    const gop = this.gops.at(-1);
    if (gop === undefined) {
      held.unit.block.release();
      return;
    }
    gop.units.push(held);
    gop.bytes += held.unit.data.length;
    this.size += held.unit.data.length;
  }

  /** Lets go of the GOPs that are not needed to begin at a wall time. */
  private forgetOld(sinceMs: number): void {
    const clock = this.leader()?.clock;
    if (clock === undefined) return;
    for (let next = this.gops[1]; next !== undefined; next = this.gops[1]) {
      if (clock.wallMs(next.startTicks) > sinceMs) return;
      this.dropOldest();
      this.short = undefined;
    }
  }

  private dropOldest(): void {
    const gop = this.gops.shift();
    if (gop === undefined) return;
    this.size -= gop.bytes;
    for (const { unit } of gop.units) unit.block.release();
  }
}
