import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { NightjarError } from '@nightjar/common';
import { identityOf, isAlive, parseIdentity, type ProcessIdentity } from '@nightjar/supervision';

const POLL_MS = 20;
/** A process that was killed and is still there waits for a disk that does not answer. */
const GIVE_UP_MS = 10_000;

/** The shards that run, by slot, on the disk: whoever comes after a killed front must know what may still be recording. */
export class ShardList {
  private readonly running = new Map<number, ProcessIdentity>();
  private readonly file: string;

  constructor(dataDir: string) {
    this.file = path.join(dataDir, 'run', 'media-shards.json');
  }

  /** Notes the process of a slot; the one before it is gone. */
  note(slot: number, pid: number): void {
    this.running.set(slot, identityOf(pid));
    mkdirSync(path.dirname(this.file), { recursive: true });
    const lines = [...this.running.values()].map((one) => `${JSON.stringify(one)}\n`);
    writeFileSync(`${this.file}.new`, lines.join(''));
    renameSync(`${this.file}.new`, this.file);
  }

  /**
   * Ends the shards of a front that was killed, and waits until they are gone: nothing may be written while what they left
   * is recovered. They do end by themselves as soon as they notice.
   * @throws NightjarError `media/orphan` when one does not end
   */
  async endLeft(): Promise<void> {
    const left = this.read().filter(isAlive);
    for (const { pid } of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
    for (let waitedMs = 0; left.some(isAlive); waitedMs += POLL_MS) {
      if (waitedMs >= GIVE_UP_MS) {
        const pid = left.find(isAlive)?.pid ?? 0;
        throw new NightjarError(
          'conflict',
          'media/orphan',
          `a media process left from an earlier start (process ${pid}) does not end: kill it, then start again`,
          { pid },
        );
      }
      await wait(POLL_MS);
    }
  }

  private read(): ProcessIdentity[] {
    try {
      const lines = readFileSync(this.file, 'utf8').split('\n');
      return lines.flatMap((line) => parseIdentity(line) ?? []);
    } catch {
      return [];
    }
  }
}
