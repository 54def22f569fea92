import { NightjarError, type Clock } from '@nightjar/common';
import type { PtzHead, PtzPreset, PtzVector } from '@nightjar/onvif';

type Axis = keyof PtzVector;
const AXES: readonly Axis[] = ['pan', 'tilt', 'zoom'];
/** Length of an axis in a second at full speed. */
const SPEED = 1;
const HOME: PtzVector = { pan: 0, tilt: 0, zoom: 0 };

/** Moves as told; where it goes without a velocity, it is at once. */
export class SimulatedHead implements PtzHead {
  private origin: PtzVector = HOME;
  private originMs: number;
  private velocity: PtzVector = HOME;
  private stopsAtMs = 0;
  private homePosition = HOME;
  private readonly kept = new Map<string, PtzPreset>();
  private made = 0;

  constructor(private readonly clock: Clock) {
    this.originMs = clock.monotonicMs();
  }

  get position(): PtzVector {
    const untilMs = Math.min(this.clock.monotonicMs(), this.stopsAtMs);
    const seconds = Math.max(0, untilMs - this.originMs) / 1000;
    return this.each((axis) => this.origin[axis] + this.velocity[axis] * SPEED * seconds);
  }

  get moving(): { panTilt: boolean; zoom: boolean } {
    const on = this.clock.monotonicMs() < this.stopsAtMs;
    const { pan, tilt, zoom } = this.velocity;
    return { panTilt: on && (pan !== 0 || tilt !== 0), zoom: on && zoom !== 0 };
  }

  continuous(velocity: Partial<PtzVector>, timeoutMs: number): void {
    const going = this.moving.panTilt || this.moving.zoom ? this.velocity : HOME;
    this.settle({ ...going, ...velocity }, timeoutMs);
  }

  absolute(target: Partial<PtzVector>): void {
    this.settle(HOME, 0);
    this.origin = { ...this.origin, ...target };
  }

  relative(way: Partial<PtzVector>): void {
    this.settle(HOME, 0);
    this.origin = this.each((axis) => this.origin[axis] + (way[axis] ?? 0));
  }

  stop(panTilt: boolean, zoom: boolean): void {
    const remainingMs = Math.max(0, this.stopsAtMs - this.clock.monotonicMs());
    const still = { ...(panTilt && { pan: 0, tilt: 0 }), ...(zoom && { zoom: 0 }) };
    this.settle({ ...this.velocity, ...still }, remainingMs);
  }

  presets(): readonly PtzPreset[] {
    return [...this.kept.values()];
  }

  setPreset(name: string | undefined, token: string | undefined): string {
    const key = token ?? `preset${(this.made += 1)}`;
    const preset = { token: key, name: name ?? this.kept.get(key)?.name ?? key };
    this.kept.set(key, { ...preset, position: this.position });
    return key;
  }

  removePreset(token: string): void {
    if (!this.kept.delete(token))
      throw new NightjarError('not-found', 'camsim/preset', `no preset ${token}`);
  }

  home(): void {
    this.absolute(this.homePosition);
  }

  setHome(): void {
    this.homePosition = this.position;
  }

  /** Goes on from where it is with another velocity. */
  private settle(velocity: PtzVector, forMs: number): void {
    this.origin = this.position;
    this.originMs = this.clock.monotonicMs();
    this.velocity = velocity;
    this.stopsAtMs = this.originMs + forMs;
  }

  private each(value: (axis: Axis) => number): PtzVector {
    const limited = AXES.map((axis) => {
      const lowest = axis === 'zoom' ? 0 : -1;
      return [axis, Math.max(lowest, Math.min(1, value(axis)))] as const;
    });
    return Object.fromEntries(limited) as unknown as PtzVector;
  }
}
