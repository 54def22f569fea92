import type { Clock, Timer } from '@nightjar/common';
import type { Logger } from '@nightjar/monitoring';
import type { DemandSignals, VolumeStatus, Writer } from '@nightjar/recording';
import {
  answerCalls,
  KeptProcess,
  type IpcChannel,
  type ProcessPort,
  type RunningProcess,
  type StopPlan,
} from '@nightjar/supervision';
import { ConnectionTransfer, takeConnection, type Travelling } from '../ipc/connection-transfer.js';
import {
  isFromShard,
  type FrontCalls,
  type SignalMessage,
  type VolumesMessage,
} from '../ipc/messages.js';
import type { Arrival } from './arrival.js';
import type { HandoffResult } from './front-door.js';

/** A connection waits so long for a shard that is down or starts. */
export const SHARD_WAIT_MS = 2_000;
/** Connections that may wait for one shard, or be on their way to it; more are refused. */
export const MAX_WAITING = 1_024;

/** A process that was started, and the way to talk to it. */
export interface StartedShard {
  readonly running: RunningProcess;
  readonly channel: IpcChannel;
}

export interface ShardSlotOptions {
  readonly index: number;
  /** Starts a process for this slot. */
  readonly start: () => StartedShard;
  readonly stopPlan: StopPlan;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told in Retry-After. */
  readonly retrySeconds: number;
  /** What a process of this slot may ask, on behalf of `writer`. */
  readonly callsFor: (writer: Writer) => Omit<FrontCalls, 'cameras'>;
  /** A process is gone for certain, and nothing more of it will come. Its successor is answered after this. */
  readonly gone: (writer: Writer) => Promise<void>;
  readonly measured: (bytesPerSecond: Readonly<Record<string, number>>) => void;
  /** A connection came back because its next request is for another camera. */
  readonly returned: (connection: Travelling) => void;
  readonly handedOver: (result: HandoffResult) => void;
}

/** The process of a slot that runs now. */
interface Link {
  readonly channel: IpcChannel;
  readonly transfer: ConnectionTransfer<Arrival>;
  serving: boolean;
}

/** One of the media processes, through all its restarts: its cameras, and the connections that go to it. */
export class ShardSlot implements ProcessPort {
  readonly kept: KeptProcess;
  private link: Link | undefined;
  private names: readonly string[] = [];
  private readonly waiting = new Map<Arrival, Timer>();
  /** Settles when what the processes before this one left is put in order. */
  private cleared: Promise<void> = Promise.resolve();

  constructor(private readonly options: ShardSlotOptions) {
    const { index, stopPlan, clock, log } = options;
    this.kept = new KeptProcess(`media shard ${index}`, this, stopPlan, clock, log);
  }

  /** Whether connections can be given to it now. */
  get serving(): boolean {
    return this.link?.serving === true;
  }

  get cameras(): readonly string[] {
    return this.names;
  }

  /** Says which cameras are its own from now on. */
  assign(names: readonly string[]): void {
    this.names = names;
    this.link?.channel.send({ type: 'cameras', names: [...names] }).catch(() => undefined);
  }

  /** Tells the process what demand follows from; one that is not there yet asks for it. */
  readonly signals: DemandSignals = {
    overrides: (overrides) => this.tell({ type: 'overrides', overrides }),
    event: (event) => this.tell({ type: 'event', event }),
    heard: (heard) => this.tell({ type: 'heard', heard }),
  };

  /** Says how the volumes are now. */
  tellVolumes(statuses: readonly VolumeStatus[]): void {
    this.tell({ type: 'volumes', statuses });
  }

  /** Hands a connection over, as soon as the process serves; refuses it when that takes too long. */
  take(arrival: Arrival): void {
    const transfer = this.link?.serving === true ? this.link.transfer : undefined;
    if ((transfer ?? this.waiting).size >= MAX_WAITING) {
      this.refuse(arrival);
    } else if (transfer !== undefined) {
      transfer.send(arrival);
    } else {
      this.waiting.set(
        arrival,
        this.options.clock.setTimer(SHARD_WAIT_MS, () => this.refuse(arrival)),
      );
    }
  }

  /** Ends the process, and refuses who waits for it. */
  async stop(): Promise<void> {
    for (const arrival of this.waiting.keys()) this.refuse(arrival);
    await this.kept.stop();
  }

  start(): RunningProcess {
    const { running, channel } = this.options.start();
    const writer: Writer = Symbol(`shard ${this.options.index}`);
    const before = this.cleared;
    const link = this.connect(channel, writer, before);
    const silent = new Promise<void>((resolve) => {
      // A process that could not be started never closes its channel.
      if (running.pid === undefined) resolve();
      channel.onGone(resolve);
    });
    return {
      pid: running.pid,
      signal: (signal) => running.signal(signal),
      onReady: (listener) => running.onReady(listener),
      onExit: (listener) =>
        running.onExit((how) => {
          if (this.link === link) this.link = undefined;
          // Last words may still be in the channel: what they began must be finished too.
          this.cleared = Promise.all([before, silent]).then(() => this.options.gone(writer));
          listener(how);
        }),
    };
  }

  private connect(channel: IpcChannel, writer: Writer, before: Promise<void>): Link {
    const calls = this.options.callsFor(writer);
    answerCalls(channel, {
      cameras: () => Promise.resolve([...this.names]),
      openVolume: async (argument: Parameters<FrontCalls['openVolume']>[0]) => {
        await before;
        return await calls.openVolume(argument);
      },
      volumes: calls.volumes,
      volumeFailed: calls.volumeFailed,
      append: calls.append,
      signals: calls.signals,
      accounts: calls.accounts,
    });
    const transfer = new ConnectionTransfer<Arrival>(channel, (arrival) => {
      // Known before the end of the process is: nothing may be given to it again.
      link.serving = false;
      this.take(arrival);
    });
    const link: Link = { channel, transfer, serving: false };
    channel.onGone(() => {
      link.serving = false;
    });
    channel.onMessage((message, socket) => {
      if (!isFromShard(message)) return;
      switch (message.type) {
        case 'serving':
          this.nowServing(link);
          break;
        case 'connection': {
          const connection = takeConnection(channel, message, socket);
          if (connection !== undefined) this.options.returned(connection);
          break;
        }
        case 'connection-taken':
          if (transfer.taken(message.id) !== undefined) this.options.handedOver('taken');
          break;
        case 'load':
          this.options.measured(message.bytesPerSecond);
          break;
      }
    });
    this.link = link;
    return link;
  }

  private nowServing(link: Link): void {
    link.serving = true;
    for (const [arrival, timer] of this.waiting) {
      timer.cancel();
      link.transfer.send(arrival);
    }
    this.waiting.clear();
  }

  private tell(message: SignalMessage | VolumesMessage): void {
    this.link?.channel.send(message).catch(() => undefined);
  }

  private refuse(arrival: Arrival): void {
    this.waiting.get(arrival)?.cancel();
    this.waiting.delete(arrival);
    arrival.refuse('503 Service Unavailable', this.options.retrySeconds);
    this.options.handedOver('unavailable');
  }
}
