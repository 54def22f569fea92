import type { DemandSignals, RecordingVolumes } from '@nightjar/recording';
import { IpcCaller, type IpcChannel } from '@nightjar/supervision';
import type { SignalState } from '../demand/signal-board.js';
import { ConnectionTransfer, takeConnection, type Travelling } from '../ipc/connection-transfer.js';
import { isFromFront, type ShardToFront } from '../ipc/messages.js';
import { FrontVolumes } from './front-volumes.js';

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
  private readonly frontVolumes: FrontVolumes;

  constructor(private readonly channel: IpcChannel) {
    this.caller = new IpcCaller(channel);
    this.frontVolumes = new FrontVolumes(this.caller);
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
        case 'volumes':
          this.frontVolumes.told(message.statuses);
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
    return this.frontVolumes;
  }

  private tell(message: ShardToFront): void {
    // A front that is gone ends this process by the channel.
    this.channel.send(message).catch(() => undefined);
  }
}
