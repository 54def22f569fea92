import type { CameraConfig } from '@nightjar/config';

type Cameras = Readonly<Record<string, CameraConfig>>;

/**
 * The cameras of a shard: those it was given by the front, as far as its own configuration knows them. Either may learn
 * of a change first; whatever the order, both end at the same.
 */
export class OwnCameras {
  private given: ReadonlySet<string> = new Set();

  constructor(
    private configured: Cameras,
    private readonly apply: (cameras: Cameras) => void,
  ) {}

  /** The front has spoken. */
  assign(names: readonly string[]): void {
    this.given = new Set(names);
    this.change();
  }

  /** The configuration has changed. */
  configure(cameras: Cameras): void {
    this.configured = cameras;
    this.change();
  }

  /** Whether another shard serves a camera. */
  isElsewhere(camera: string): boolean {
    return !this.given.has(camera) && Object.hasOwn(this.configured, camera);
  }

  private change(): void {
    const own = Object.entries(this.configured).filter(([name]) => this.given.has(name));
    this.apply(Object.fromEntries(own));
  }
}
