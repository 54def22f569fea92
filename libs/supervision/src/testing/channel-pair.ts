import type { Socket } from 'node:net';
import { NightjarError } from '@nightjar/common';
import type { IpcChannel } from '../ipc-channel.js';

/** One end of a channel inside this process: messages are copied as IPC does and arrive in a later turn. */
export class TestChannel implements IpcChannel {
  other: TestChannel | undefined;
  /** What was sent from here. */
  readonly sent: unknown[] = [];
  private readonly listeners: ((message: unknown, socket: Socket | undefined) => void)[] = [];
  private readonly goneListeners: (() => void)[] = [];
  private open = true;

  send(message: unknown, socket?: Socket): Promise<void> {
    if (!this.open)
      return Promise.reject(new NightjarError('unavailable', 'supervision/channel-closed', 'gone'));
    this.sent.push(message);
    const copy: unknown = JSON.parse(JSON.stringify(message));
    queueMicrotask(() => this.other?.receive(copy, socket));
    return Promise.resolve();
  }

  /** As if the other side had sent it. */
  receive(message: unknown, socket?: Socket): void {
    for (const listener of this.listeners) listener(message, socket);
  }

  onMessage(listener: (message: unknown, socket: Socket | undefined) => void): void {
    this.listeners.push(listener);
  }

  onGone(listener: () => void): void {
    this.goneListeners.push(listener);
  }

  /** The process at the other side ends: nothing can be sent any more, and nothing comes. */
  end(): void {
    this.open = false;
    for (const listener of this.goneListeners.splice(0)) listener();
  }
}

export function channelPair(): [TestChannel, TestChannel] {
  const [here, there] = [new TestChannel(), new TestChannel()];
  here.other = there;
  there.other = here;
  return [here, there];
}
