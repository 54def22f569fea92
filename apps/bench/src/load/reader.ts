import type { StreamSample } from './stream-sample.js';

/** One viewer, however it is served. */
export interface Reader {
  /** Received since it was opened. */
  bytes: number;
  /** Of a reader that looks at every packet. */
  readonly sample?: StreamSample | undefined;
  /** Resolves when it plays. */
  open(): Promise<void>;
  keepAlive?(): void;
  stall?(stalled: boolean): void;
  close(): void;
}
