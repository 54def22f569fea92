import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CatalogFeed, JournalCursor } from '@nightjar/catalog';
import { messageOf } from '@nightjar/common';
import type { Clock } from '@nightjar/common';
import { metrics } from '@nightjar/monitoring';
import type { Logger } from '@nightjar/monitoring';
import { readJournal } from '@nightjar/recording';

/** How often a journal is looked at when it had nothing new, and how soon after a failure. */
const POLL_MS = 1_000;

const JOURNAL_FILE = /^(\d{8})\.jsonl$/;

/** A volume as the feeder needs it. */
export interface FedVolume {
  readonly id: string;
  readonly journalDirectory: string;
}

export interface FeederOptions {
  readonly feed: CatalogFeed;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The volume with the right disk mounted; throws while it is away. */
  volume(): Promise<FedVolume>;
}

/**
 * Carries one volume's journal into the catalog, for ever: at least once, and the catalog stores each record once.
 * While disk or database is away it tries again each second and loses nothing, for the journal stays.
 */
export class JournalFeeder {
  private cursor: { volumeId: string; at: JournalCursor } | undefined;
  private failing = false;
  private stopped = false;
  private wake: () => void = () => undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly name: string,
    private readonly options: FeederOptions,
  ) {}

  start(): void {
    this.running = this.loop();
  }

  /** Resolves when the batch at hand is done. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.running;
  }

  /** Feeds the next batch. False when there was nothing new. */
  async feedOnce(): Promise<boolean> {
    const volume = await this.options.volume();
    const from = await this.cursorOf(volume.id);
    const { lines, cursor, damaged } = await readJournal(volume.journalDirectory, from);
    if (cursor.file === from.file && cursor.offset === from.offset) {
      metrics.catalogLagBytes.set({ volume: this.name }, 0);
      return false;
    }
    const result = await this.options.feed.apply(volume.id, lines, cursor, from);
    // Not applied: another worker was faster, or a backup was restored, so the cursor of the catalog counts.
    this.cursor = result.applied ? { volumeId: volume.id, at: cursor } : undefined;
    if (!result.applied) return true;
    metrics.catalogSegments.inc(result.newSegments);
    const lost = damaged + result.rejected;
    if (lost > 0)
      this.options.logger.warn(
        { volume: this.name, file: cursor.file, lines: lost },
        'journal lines were passed over: run nightjar fsck',
      );
    await this.afterBatch(volume.journalDirectory, cursor);
    return true;
  }

  private async loop(): Promise<void> {
    while (!this.stopped) {
      let more = false;
      try {
        more = await this.feedOnce();
        if (this.failing)
          this.options.logger.info({ volume: this.name }, 'the catalog is fed again');
        this.failing = false;
      } catch (error) {
        this.cursor = undefined;
        if (!this.failing)
          this.options.logger.warn(
            { volume: this.name, err: messageOf(error) },
            'the catalog is not fed; the journal keeps everything',
          );
        this.failing = true;
      }
      if (!more && !this.stopped) await this.pause();
    }
  }

  private async pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.options.clock.setTimer(POLL_MS, resolve);
      this.wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  private async cursorOf(volumeId: string): Promise<JournalCursor> {
    if (this.cursor?.volumeId !== volumeId)
      this.cursor = { volumeId, at: await this.options.feed.cursor(volumeId) };
    return this.cursor.at;
  }

  /**
   * Measures what is left, and removes the files before the one at the cursor: each file begins with what was open, so
   * the recorder's recovery needs only the newest.
   */
  private async afterBatch(directory: string, cursor: JournalCursor): Promise<void> {
    let lagBytes = -cursor.offset;
    for (const name of await readdir(directory)) {
      const number = JOURNAL_FILE.exec(name)?.[1];
      if (number === undefined) continue;
      const path = join(directory, name);
      if (Number(number) < cursor.file) await rm(path, { force: true });
      else lagBytes += (await stat(path)).size;
    }
    metrics.catalogLagBytes.set({ volume: this.name }, Math.max(0, lagBytes));
  }
}
