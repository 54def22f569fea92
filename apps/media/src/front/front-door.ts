import { createServer, type Server } from 'node:net';
import type { Clock } from '@nightjar/common';
import {
  Doorway,
  listenOn,
  portOf,
  type ByteStream,
  type DoorwaySettings,
  type SilentConnections,
} from '@nightjar/relay';
import type { Travelling } from '../ipc/connection-transfer.js';
import { Arrival, type ArrivalEvents } from './arrival.js';
import { joinStreams } from './join-streams.js';
import { LocalPairs } from './local-pairs.js';

const NO_BYTES = Buffer.alloc(0);

/** What became of a connection. */
export type HandoffResult = 'taken' | 'closed' | 'timeout' | 'overload' | 'unavailable';

export interface FrontDoorOptions {
  readonly host: string;
  /** 0 takes any free port: see {@link FrontDoor.port}. */
  readonly port: number;
  /** A second port, for clients that expect TLS on one of its own. */
  readonly tlsPort?: number | undefined;
  /** What the ports take beside plain RTSP. */
  readonly doorway?: DoorwaySettings;
  readonly clock: Clock;
  /** Where those are that have not asked anything. */
  readonly silent: SilentConnections;
  /** A connection is about this camera, or about none; it is the callee's from here on. */
  readonly arrived: (arrival: Arrival, camera: string | undefined) => void;
  /** A connection ended here. */
  readonly ended: (result: HandoffResult) => void;
  readonly failed: (error: Error) => void;
}

/** The RTSP port of an installation with several media processes: learns whose each connection is, and gives it away. */
export class FrontDoor {
  private readonly servers: Server[] = [];
  private readonly doorway: Doorway;
  private readonly pairs = new LocalPairs();
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
    this.doorway = new Doorway({
      ...options.doorway,
      clock: options.clock,
      silent: options.silent,
      arrived: (stream, head) => this.arrived(stream, head),
      ended: options.ended,
    });
  }

  /** @throws NightjarError 'conflict' when a port is taken, 'forbidden' when it may not be opened */
  async listen(): Promise<void> {
    const { host, port, tlsPort, failed } = this.options;
    for (const each of tlsPort === undefined ? [port] : [port, tlsPort]) {
      const server = createServer({ noDelay: true }, (socket) => this.doorway.admit(socket));
      this.servers.push(server);
      await listenOn(server, { host, port: each }, failed);
    }
  }

  /** The TCP port in use. */
  get port(): number {
    const [server] = this.servers;
    return server === undefined ? this.options.port : portOf(server, this.options.port);
  }

  /** Connections of which it is not known yet whose they are. */
  get pending(): number {
    return this.arrivals.size + this.doorway.pending;
  }

  /** Lets in a connection, also one that a shard gave back because its next request is for another. */
  admit(travelling: Travelling): void {
    const arrival = new Arrival(travelling, this.options.silent, this.events);
    if (this.closed) {
      arrival.drop();
      return;
    }
    this.arrivals.add(arrival);
    arrival.begin();
  }

  /** RTSP that began here: in the clear the connection itself goes on, else its bytes do. */
  private arrived(stream: ByteStream, head: Buffer): void {
    const { movable, peer } = stream;
    if (movable === undefined) {
      void this.relay(stream, head);
      return;
    }
    const unread = stream.closed ? NO_BYTES : movable.stopReading();
    this.admit({ socket: movable.socket, head: Buffer.concat([head, unread]), peer });
  }

  /** What is wrapped is unwrapped here, and goes to its shard through a connection of this machine. */
  private async relay(stream: ByteStream, head: Buffer): Promise<void> {
    try {
      const [near, far] = await this.pairs.make();
      near.write(head);
      joinStreams(stream, near);
      // Who left meanwhile is told of nowhere.
      if (stream.closed) near.destroy();
      this.admit({ socket: far, head: NO_BYTES, peer: stream.peer });
    } catch (error) {
      stream.close();
      this.options.failed(error as Error);
    }
  }

  /** Takes no more connections, and ends those that are nobody's yet. Does not wait for those that were given away. */
  close(): void {
    this.closed = true;
    for (const server of this.servers) server.close();
    this.doorway.close();
    this.pairs.close();
    for (const arrival of this.arrivals) arrival.drop();
    this.arrivals.clear();
  }
}
