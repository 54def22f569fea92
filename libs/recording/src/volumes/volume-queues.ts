import type { Volume } from './volume.js';
import { WriteQueue } from './write-queue.js';

/** What one stream has to write, a queue for each volume: what waits for a disk that hangs keeps nothing else waiting. */
export class VolumeQueues {
  private readonly queues = new Map<Volume, WriteQueue>();

  /** As {@link WriteQueue}. */
  constructor(
    private readonly limitBytes: number,
    private readonly onError: (error: unknown) => void,
  ) {}

  of(volume: Volume): WriteQueue {
    let queue = this.queues.get(volume);
    if (queue === undefined) {
      // Of a volume that was opened anew nobody will speak again.
      for (const [other, { busy }] of this.queues) if (!busy) this.queues.delete(other);
      queue = new WriteQueue(this.limitBytes, this.onError);
      this.queues.set(volume, queue);
    }
    return queue;
  }

  /** Bytes that wait for any disk. */
  get bytes(): number {
    let bytes = 0;
    for (const queue of this.queues.values()) bytes += queue.bytes;
    return bytes;
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await Promise.all([...this.queues.values()].map((queue) => queue.idle()));
  }
}
