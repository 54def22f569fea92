import { FlowProducer, Queue } from 'bullmq';
import type { IQueueBackend } from 'bullmq';
import { messageOf, NightjarError } from '@nightjar/common';
import type { JobsBackend, OnBackendError } from './backend.js';

export type BullQueue = Queue<unknown, unknown, string, unknown, unknown, string, IQueueBackend>;
export type BullFlows = FlowProducer<IQueueBackend>;

interface Opened {
  close(): Promise<void>;
}

/** BullMQ's queues of one backend, opened at first use; each reports its own failures as `unavailable`. */
export class OpenQueues {
  private readonly opened = new Map<string, Promise<Opened>>();

  constructor(
    private readonly backend: JobsBackend,
    private readonly onError: OnBackendError,
  ) {}

  /** @throws NightjarError `unavailable` for whatever BullMQ throws; one that `work` throws is passed on */
  use<Result>(name: string, work: (queue: BullQueue) => Promise<Result>): Promise<Result> {
    return this.run(name, () => this.openQueue(name), work);
  }

  /** As {@link use}, for jobs of several queues that are added together. */
  useFlows<Result>(work: (flows: BullFlows) => Promise<Result>): Promise<Result> {
    return this.run('flows', () => this.openFlows(), work);
  }

  async close(): Promise<void> {
    const open = await Promise.allSettled(this.opened.values());
    this.opened.clear();
    for (const each of open) if (each.status === 'fulfilled') await each.value.close();
  }

  /** What never recovers from a failed start, as BullMQ's objects do not, is thrown away and made anew next time. */
  private async run<Kind extends Opened, Result>(
    key: string,
    open: () => Promise<Kind>,
    work: (opened: Kind) => Promise<Result>,
  ): Promise<Result> {
    try {
      let opening = this.opened.get(key) as Promise<Kind> | undefined;
      if (opening === undefined) {
        opening = open();
        this.opened.set(key, opening);
        opening.catch(() => this.opened.delete(key));
      }
      return await work(await opening);
    } catch (error) {
      if (error instanceof NightjarError) throw error;
      throw new NightjarError(
        'unavailable',
        'jobs/backend-failed',
        `job queue: ${messageOf(error)}`,
        { queue: key },
        error,
      );
    }
  }

  private async openQueue(name: string): Promise<BullQueue> {
    await this.backend.connect();
    const queue: BullQueue = new Queue(
      name,
      { connection: this.backend.producer },
      this.backend.factory,
    );
    queue.on('error', (error) => this.onError(messageOf(error)));
    try {
      await queue.waitUntilReady();
    } catch (error) {
      await queue.close().catch(() => undefined);
      throw error;
    }
    return queue;
  }

  private async openFlows(): Promise<BullFlows> {
    await this.backend.connect();
    const flows: BullFlows = new FlowProducer(
      { connection: this.backend.producer },
      this.backend.factory,
    );
    flows.on('error', (error: Error) => this.onError(messageOf(error)));
    return flows;
  }
}
