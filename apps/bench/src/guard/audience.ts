import type { ScriptedCamera } from './scripted-camera.js';
import { Viewer } from './viewer.js';

/** A frame that is not everywhere by then has lost a packet. */
const ARRIVAL_TIMEOUT_MS = 20_000;

export interface Film {
  readonly packetsPerFrame: number;
  /** Least time from one frame to the next. */
  readonly paceMs: number;
  /** The first frame and each so many frames after it are keyframes; 0: none is. */
  readonly gopFrames: number;
}

/** All who watch the camera, in step with it: the next frame is sent only when everybody has the last one whole. */
export class Audience {
  private readonly viewers: { readonly viewer: Viewer; expected: number }[] = [];
  /** Packets since the last keyframe: what a viewer who comes now gets at once. */
  private sinceKeyframe = 0;

  constructor(
    private readonly camera: ScriptedCamera,
    private readonly url: URL,
  ) {}

  async join(count: number, transport: 'tcp' | 'udp'): Promise<void> {
    for (let i = 0; i < count; i++) {
      const viewer = await Viewer.open(this.url, transport);
      this.viewers.push({ viewer, expected: this.sinceKeyframe });
    }
    await this.arrived();
  }

  /** Films one frame after the other. */
  async film(frames: number, { packetsPerFrame, paceMs, gopFrames }: Film): Promise<void> {
    for (let i = 0; i < frames; i++) {
      const sentMs = performance.now();
      const keyframe = gopFrames > 0 && i % gopFrames === 0;
      const packets = this.camera.film(packetsPerFrame, keyframe);
      this.sinceKeyframe = keyframe ? packets : this.sinceKeyframe + packets;
      for (const one of this.viewers) one.expected += packets;
      await this.arrived();
      const restMs = paceMs - (performance.now() - sentMs);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, restMs)));
    }
  }

  leave(): void {
    for (const { viewer } of this.viewers) viewer.close();
    this.viewers.length = 0;
  }

  /** @throws Error when a viewer does not get all packets in time */
  private async arrived(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const missing = this.viewers.map(({ viewer, expected }) => expected - viewer.packets);
        reject(new Error(`packets that viewers did not get: ${missing.join(' ')}`));
      }, ARRIVAL_TIMEOUT_MS);
    });
    const all = this.viewers.map(({ viewer, expected }) => viewer.reaches(expected));
    await Promise.race([Promise.all(all), late]);
    clearTimeout(timer);
  }
}
