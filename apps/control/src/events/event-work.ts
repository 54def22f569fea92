interface Worker {
  /** Returns at once. */
  start(): void;
  stop(): Promise<void>;
}

/** What is done about events as long as the role lives. All of it waits for a database that is away. */
export class EventWork {
  private readonly workers: readonly Worker[];

  /** @param workers undefined: there is no such work to do */
  constructor(workers: readonly (Worker | undefined)[]) {
    this.workers = workers.filter((worker) => worker !== undefined);
  }

  start(): void {
    for (const worker of this.workers) worker.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop()));
  }
}
