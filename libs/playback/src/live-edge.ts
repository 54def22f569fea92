import type { Clock } from '@nightjar/common';
import type { Archive } from '@nightjar/recording';

/** How often the recorder is asked, in memory, whether it has written more. */
export const EDGE_POLL_MS = 100;
/** Recording counts as stopped when nothing was recorded for so long: a file is followed by the next sooner. */
export const STOPPED_AFTER_MS = 10_000;

export interface LiveEdgeOptions {
  readonly archive: Pick<Archive, 'growing'>;
  readonly camera: string;
  readonly stream: string;
  readonly clock: Clock;
}

interface Ending {
  /** Wall time; what is recorded later is not waited for. */
  readonly endMs: number;
}

/** The end of footage that may still be recorded. One for each pass over it. */
export class LiveEdge {
  private seen: { readonly path: string; readonly endMs: number } | undefined;

  constructor(
    private readonly options: LiveEdgeOptions & Ending,
    private readonly signal: AbortSignal,
  ) {}

  /** Whether another file than this is written to: this one is whole then. */
  hasLeft(path: string): boolean {
    const { growing } = this;
    return growing !== undefined && growing.path !== path;
  }

  /**
   * Waits until there may be more in a file; false when there will be none.
   * @param reachedMs wall time up to which it was read
   */
  async grown(path: string, reachedMs: number): Promise<boolean> {
    if (this.growing?.path !== path) {
      // It is no longer told of, and its last media and its end are being written: look again and again.
      const idle = this.options.clock.wallMs() - reachedMs >= STOPPED_AFTER_MS;
      if (!idle) await this.pause();
      return !idle && !this.signal.aborted;
    }
    const news = await this.wait(reachedMs);
    this.look();
    return news === 'more';
  }

  /** Call it before looking at the files: what is written after this counts as more. */
  look(): void {
    this.seen = this.growing;
  }

  /**
   * Waits for more than there was when it was looked last.
   * @param reachedMs wall time up to which footage is known
   * @returns `stopped` when there is no more and nothing records
   */
  async wait(reachedMs: number): Promise<'more' | 'stopped' | 'cancelled'> {
    for (;;) {
      if (this.signal.aborted) return 'cancelled';
      const { growing, seen } = this;
      const moved = growing?.path !== seen?.path;
      if (moved || (growing !== undefined && growing.endMs > (seen?.endMs ?? 0))) return 'more';
      const now = this.options.clock.wallMs();
      if (growing === undefined && now - reachedMs >= STOPPED_AFTER_MS) return 'stopped';
      if (now - this.options.endMs >= STOPPED_AFTER_MS) return 'stopped';
      await this.pause();
    }
  }

  /** Waits until something records again, however long that takes. */
  async resumed(): Promise<'more' | 'cancelled'> {
    while (this.growing === undefined) {
      const over = this.options.clock.wallMs() >= this.options.endMs;
      if (this.signal.aborted || over) return 'cancelled';
      await this.pause();
    }
    return 'more';
  }

  private get growing(): { readonly path: string; readonly endMs: number } | undefined {
    const { archive, camera, stream } = this.options;
    return archive.growing(camera, stream);
  }

  private async pause(): Promise<void> {
    const { signal } = this;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.options.clock.setTimer(EDGE_POLL_MS, done);
      signal.addEventListener('abort', done);
    });
  }
}
