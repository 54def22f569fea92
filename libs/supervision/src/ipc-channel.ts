import type { ChildProcess, Serializable } from 'node:child_process';
import type { Socket } from 'node:net';
import { NightjarError } from '@nightjar/common';

/** One end of the channel between a process and a child that it forked. Messages arrive in the order in which they were sent. */
export interface IpcChannel {
  /**
   * Sends plain data, and an open socket with it. The socket stays open here too: close it when the other side has said
   * that it has it. It must not be read any more.
   * @returns rejects with NightjarError `supervision/channel-closed` when the other side is gone; a message that was
   *   accepted may still be lost with it
   */
  send(message: Serializable, socket?: Socket): Promise<void>;
  /** Calls `listener` for every message; `socket` is there if one came with it and its peer has not left since. */
  onMessage(listener: (message: unknown, socket: Socket | undefined) => void): void;
  /** Calls `listener` once, after the last message. */
  onGone(listener: () => void): void;
}

/** The channel to a forked child. It is gone when the child has ended and nothing more of it can come. */
export function channelToChild(child: ChildProcess): IpcChannel {
  const channel = new ProcessChannel(child);
  // Not 'disconnect': Node leaves it out when the child ends before it has acknowledged a socket.
  child.once('close', () => channel.end());
  return channel;
}

/** The channel to the process that forked this one. @throws NightjarError `internal` in a process that was not forked */
export function channelToParent(): IpcChannel {
  if (process.send === undefined)
    throw new NightjarError('internal', 'supervision/no-parent', 'this process was not forked');
  const channel = new ProcessChannel(process as unknown as ChildProcess);
  process.once('disconnect', () => channel.end());
  // For the same reason: what cannot be sent any more tells it too.
  channel.onRefused = () => channel.end();
  return channel;
}

class ProcessChannel implements IpcChannel {
  /** Called when something is sent after the other side has closed. */
  onRefused: () => void = () => undefined;
  private readonly goneListeners: (() => void)[] = [];

  constructor(private readonly other: ChildProcess) {}

  send(message: Serializable, socket?: Socket): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.other.connected) {
        reject(closed());
        this.onRefused();
        return;
      }
      this.other.send(message, socket, { keepOpen: true }, (error) => {
        if (error === null) resolve();
        else reject(closed(error));
      });
    });
  }

  onMessage(listener: (message: unknown, socket: Socket | undefined) => void): void {
    this.other.on('message', (message, handle) => listener(message, handle as Socket | undefined));
  }

  onGone(listener: () => void): void {
    this.goneListeners.push(listener);
  }

  end(): void {
    for (const listener of this.goneListeners.splice(0)) listener();
  }
}

function closed(cause?: Error): NightjarError {
  return new NightjarError(
    'unavailable',
    'supervision/channel-closed',
    'the other process is gone',
    {},
    cause,
  );
}
