/** Work for one file system, done in order; bounded by the bytes that wait, not by their number. */
export class WriteQueue {
  private readonly tasks: { readonly bytes: number; readonly run: () => Promise<void> }[] = [];
  private waitingBytes = 0;
  /** Over the limit, for what came all at once. */
  private grantedBytes = 0;
  private working: Promise<void> | undefined;

  /**
   * @param limitBytes of all tasks that wait or run
   * @param onError gets what a task rejects with; the tasks behind it still run
   */
  constructor(
    private readonly limitBytes: number,
    private readonly onError: (error: unknown) => void,
  ) {}

  get bytes(): number {
    return this.waitingBytes;
  }

  /** Whether a task runs or waits. */
  get busy(): boolean {
    return this.working !== undefined;
  }

  /** Whether so many more bytes may wait. A single larger task is taken when nothing waits. */
  accepts(bytes: number): boolean {
    return (
      this.waitingBytes === 0 || this.waitingBytes + bytes <= this.limitBytes + this.grantedBytes
    );
  }

  /** Lets so many more bytes wait, which were in memory before; the room is gone again as they are written. */
  grant(bytes: number): void {
    this.grantedBytes += bytes;
  }

  push(bytes: number, run: () => Promise<void>): void {
    this.tasks.push({ bytes, run });
    this.waitingBytes += bytes;
    this.working ??= this.work();
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.working !== undefined) await this.working;
  }

  private async work(): Promise<void> {
    for (let task = this.tasks.shift(); task !== undefined; task = this.tasks.shift()) {
      try {
        await task.run();
      } catch (error) {
        this.onError(error);
      }
      this.waitingBytes -= task.bytes;
      this.grantedBytes = Math.min(this.grantedBytes, this.waitingBytes);
    }
    this.working = undefined;
  }
}
