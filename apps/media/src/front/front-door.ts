import { createServer, type Server } from 'node:net';
import type { Clock } from '@nightjar/common';
import { listenError } from '@nightjar/relay';
import type { Travelling } from '../ipc/connection-transfer.js';
import { Arrival, type ArrivalEvents } from './arrival.js';

/** Connections whose first line is awaited; beyond it the oldest is dropped for each new one. */
export const MAX_ARRIVALS = 1_024;

/** What became of a connection. */
export type HandoffResult = 'taken' | 'closed' | 'timeout' | 'overload' | 'unavailable';

export interface FrontDoorOptions {
  readonly host: string;
  /** 0 takes any free port: see {@link FrontDoor.port}. */
  readonly port: number;
  readonly clock: Clock;
  /** A connection is about this camera, or about none; it is the callee's from here on. */
  readonly arrived: (arrival: Arrival, camera: string | undefined) => void;
  /** A connection ended here. */
  readonly ended: (result: HandoffResult) => void;
  readonly failed: (error: Error) => void;
}

/** The RTSP port of an installation with several media processes: learns whose each connection is, and gives it away. */
export class FrontDoor {
  private readonly server: Server;
  private readonly arrivals = new Set<Arrival>();
  private closed = false;
  private readonly events: ArrivalEvents = {
    known: (arrival, camera) => {
      this.arrivals.delete(arrival);
      this.options.arrived(arrival, camera);
    },
    ended: (arrival, how) => {
      this.arrivals.delete(arrival);
      this.options.ended(how);
    },
  };

  constructor(private readonly options: FrontDoorOptions) {
    this.server = createServer({ noDelay: true }, (socket) =>
      this.admit({ socket, head: Buffer.alloc(0) }),
    );
  }

  /** @throws NightjarError 'conflict' when the port is taken, 'forbidden' when it may not be opened */
  async listen(): Promise<void> {
    const { host, port } = this.options;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', (error: NodeJS.ErrnoException) =>
        reject(listenError(error, host, port)),
      );
      this.server.listen(port, host, () => resolve());
    });
    this.server.on('error', this.options.failed);
  }

  /** The TCP port in use. */
  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : this.options.port;
  }

  /** Connections whose first line is awaited. */
  get pending(): number {
    return this.arrivals.size;
  }

  /** Lets in a connection, also one that a shard gave back because its next request is for another. */
  admit({ socket, head }: Travelling): void {
    const arrival = new Arrival(socket, head, this.options.clock, this.events);
    if (this.closed) {
      arrival.drop();
      return;
    }
    if (this.arrivals.size >= MAX_ARRIVALS) this.dropOldest();
    this.arrivals.add(arrival);
    arrival.begin();
  }

  /** Who means well says what it wants at once: the one that has been silent longest makes room. */
  private dropOldest(): void {
    for (const oldest of this.arrivals) {
      this.arrivals.delete(oldest);
      oldest.drop();
      this.options.ended('overload');
      return;
    }
  }

  /** Takes no more connections, and ends those that are nobody's yet. Does not wait for those that were given away. */
  close(): void {
    this.closed = true;
    this.server.close();
    for (const arrival of this.arrivals) arrival.drop();
    this.arrivals.clear();
  }
}
