import type { BackendFactory, ConnectionOptions } from 'bullmq';

/** Where the jobs live. Owns its connections; queues and workers are closed before it. */
export interface JobsBackend {
  readonly kind: 'postgres' | 'redis';
  /**
   * One attempt to reach the server and, on PostgreSQL, to bring the schema up. Cheap to repeat; queues and workers may
   * be made once it has succeeded.
   * @throws NightjarError `unavailable`
   */
  connect(): Promise<void>;
  /** For queues: calls fail fast while the server is away. */
  readonly producer: ConnectionOptions;
  /** For workers: waits for the server to come back. */
  readonly consumer: ConnectionOptions;
  readonly factory: BackendFactory;
  close(): Promise<void>;
}

/** Told of broken connections, which repair themselves. The text holds no credentials. */
export type OnBackendError = (reason: string) => void;
