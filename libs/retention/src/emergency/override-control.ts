import type { OverrideRepository } from '@nightjar/catalog';
import type { Clock } from '@nightjar/common';
import type { EmergencyControl } from './emergency-control.js';

/** Who is written down for what retention does to recording. */
const SET_BY = 'retention';

/** Stops cameras as people do, by overrides of the configuration; touches none that somebody else made. */
export class OverrideControl implements EmergencyControl {
  constructor(
    private readonly overrides: OverrideRepository,
    private readonly clock: Clock,
  ) {}

  async stopped(volume: string): Promise<readonly string[]> {
    const all = await this.overrides.list();
    return all
      .filter(({ setBy, reason }) => setBy === SET_BY && reason === reasonFor(volume))
      .map(({ camera }) => camera);
  }

  async spared(): Promise<readonly string[]> {
    const all = await this.overrides.list();
    return all
      .filter(({ setBy, action }) => setBy !== SET_BY && action !== 'privacy')
      .map(({ camera }) => camera);
  }

  async stop(volume: string, cameras: readonly string[]): Promise<void> {
    for (const camera of cameras)
      await this.overrides.set({
        camera,
        stream: undefined,
        action: 'no-room',
        untilMs: undefined,
        reason: reasonFor(volume),
        setBy: SET_BY,
        setAtMs: this.clock.wallMs(),
      });
  }

  async release(_volume: string, cameras: readonly string[]): Promise<void> {
    for (const camera of cameras) await this.overrides.clearSetBy(camera, SET_BY);
  }
}

function reasonFor(volume: string): string {
  return `disk-full: volume ${volume}`;
}
