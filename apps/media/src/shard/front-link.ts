import type { JournalRecord } from '@nightjar/catalog';
import {
  RecordingVolumes,
  Volume,
  type DemandSignals,
  type AccountEnd,
  type InterruptedRun,
  type RecordingVolume,
} from '@nightjar/recording';
import { IpcCaller, type IpcChannel } from '@nightjar/supervision';
import type { SignalState } from '../demand/signal-board.js';
import { ConnectionTransfer, takeConnection, type Travelling } from '../ipc/connection-transfer.js';
import { isFromFront, type ShardToFront } from '../ipc/messages.js';

export interface FrontEvents {
  /** A connection whose first request is for this shard. */
  connection(connection: Travelling): void;
  cameras(names: readonly string[]): void;
  readonly signals: DemandSignals;
}

/** The front as a shard sees it. */
export class FrontLink {
  private readonly caller: IpcCaller;
  private readonly transfer: ConnectionTransfer<Travelling>;

  constructor(private readonly channel: IpcChannel) {
    this.caller = new IpcCaller(channel);
    this.transfer = new ConnectionTransfer(channel, ({ socket }) => socket.destroy());
  }

  /** Begins to hear what the front says; call it once. */
  listen(events: FrontEvents): void {
    this.channel.onMessage((message, socket) => {
      if (!isFromFront(message)) return;
      switch (message.type) {
        case 'connection': {
          const connection = takeConnection(this.channel, message, socket);
          if (connection !== undefined) events.connection(connection);
          break;
        }
        case 'connection-taken':
          this.transfer.taken(message.id);
          break;
        case 'cameras':
          events.cameras(message.names);
          break;
        case 'overrides':
          events.signals.overrides(message.overrides);
          break;
        case 'event':
          events.signals.event(message.event);
          break;
        case 'heard':
          events.signals.heard(message.heard);
          break;
      }
    });
  }

  /** The cameras of this shard now. */
  cameras(): Promise<readonly string[]> {
    return this.caller.call('cameras', null as never);
  }

  /** What is known now of all that demand follows from; what changes after it comes as events. */
  signals(): Promise<SignalState> {
    return this.caller.call('signals', null as never);
  }

  /** Connections may come from here on. */
  serving(): void {
    this.tell({ type: 'serving' });
  }

  /** Bytes per second in and out, by camera. */
  load(bytesPerSecond: Readonly<Record<string, number>>): void {
    this.tell({ type: 'load', bytesPerSecond });
  }

  /** Gives a connection back: its next request is for a camera of another shard. */
  giveBack(connection: Travelling): void {
    this.transfer.send(connection);
  }

  /** The volumes, whose journals the front keeps. */
  get volumes(): RecordingVolumes {
    return new FrontVolumes(this.caller);
  }

  private tell(message: ShardToFront): void {
    // A front that is gone ends this process by the channel.
    this.channel.send(message).catch(() => undefined);
  }
}

class FrontVolumes extends RecordingVolumes {
  constructor(private readonly caller: IpcCaller) {
    super();
  }

  override async open(name: string): Promise<RecordingVolume> {
    const { caller } = this;
    const { id, root } = await caller.call<{ id: string; root: string }>('openVolume', { name });
    return {
      volume: await Volume.open(name, root, { expectedId: id }),
      journal: {
        append: (record: JournalRecord) => caller.call('append', { volume: name, record }),
      },
      interruptedRun: (camera, stream) =>
        caller.call<InterruptedRun | undefined>('interruptedRun', { volume: name, camera, stream }),
      accounts: () => caller.call<readonly AccountEnd[]>('accounts', { volume: name }),
    };
  }

  /** The front tells of them. */
  override collect(): Promise<void> {
    return Promise.resolve();
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}
