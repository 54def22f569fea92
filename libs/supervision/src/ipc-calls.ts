import { messageOf, NightjarError, type ErrorKind } from '@nightjar/common';
import type { Serializable } from 'node:child_process';
import type { IpcChannel } from './ipc-channel.js';

interface Question {
  readonly type: 'call';
  readonly id: number;
  readonly method: string;
  readonly argument: Serializable;
}

type Answer = { readonly type: 'call-answer'; readonly id: number } & (
  { readonly value: Serializable | undefined } | { readonly error: WireError }
);

/** An error as it crosses the channel: what tells machines of its cause, and its words. */
interface WireError {
  readonly message: string;
  /** Of a NightjarError. */
  readonly kind?: ErrorKind;
  /** Of a NightjarError, or the name of an errno. */
  readonly code?: string;
}

/** What one side offers: takes plain data, gives plain data. */
export type Call = (argument: never) => Promise<unknown>;

interface Open {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Asks the other process and waits for its answers; several questions may be open. */
export class IpcCaller {
  private readonly open = new Map<number, Open>();
  private lastId = 0;
  private gone = false;

  constructor(private readonly channel: IpcChannel) {
    channel.onMessage((message) => {
      if (isOf<Answer>(message, 'call-answer')) this.answered(message);
    });
    channel.onGone(() => {
      this.gone = true;
      for (const question of this.open.values()) question.reject(processGone());
      this.open.clear();
    });
  }

  /**
   * Throws what the other side threw: a NightjarError of the same kind and code, or an Error with the same `code`; and
   * `supervision/process-gone` when it ends before it answers.
   */
  async call<T>(method: string, argument: Serializable): Promise<T> {
    if (this.gone) throw processGone();
    const id = ++this.lastId;
    const question: Question = { type: 'call', id, method, argument };
    return await new Promise<T>((resolve, reject) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own code answers, per method
      this.open.set(id, { resolve: (value) => resolve(value as T), reject });
      this.channel.send(question).catch((error: unknown) => {
        if (this.open.delete(id)) reject(error instanceof Error ? error : processGone());
      });
    });
  }

  private answered(answer: Answer): void {
    const question = this.open.get(answer.id);
    this.open.delete(answer.id);
    if ('error' in answer) question?.reject(fromWire(answer.error));
    else question?.resolve(answer.value);
  }
}

/** Answers the calls of the other process; an unknown method is an error of the caller. */
export function answerCalls(channel: IpcChannel, calls: Readonly<Record<string, Call>>): void {
  channel.onMessage((message) => {
    if (!isOf<Question>(message, 'call')) return;
    const { id } = message;
    const answer = async (): Promise<Answer> => {
      try {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own code asks, per method
        const value = (await callOf(
          calls,
          message.method,
        )(message.argument as never)) as Serializable;
        return { type: 'call-answer', id, value };
      } catch (error) {
        return { type: 'call-answer', id, error: toWire(error) };
      }
    };
    void answer()
      .then((made) => channel.send(made))
      // Who asked is gone and waits for nothing.
      .catch(() => undefined);
  });
}

function callOf(calls: Readonly<Record<string, Call>>, method: string): Call {
  const call = Object.hasOwn(calls, method) ? calls[method] : undefined;
  if (call === undefined)
    throw new NightjarError('internal', 'supervision/unknown-call', `no call ${method}`);
  return call;
}

function toWire(error: unknown): WireError {
  const message = messageOf(error);
  if (error instanceof NightjarError) return { message, kind: error.kind, code: error.code };
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === 'string' ? { message, code } : { message };
}

function fromWire({ message, kind, code }: WireError): Error {
  if (kind !== undefined) return new NightjarError(kind, code as `${string}/${string}`, message);
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

function processGone(): NightjarError {
  return new NightjarError(
    'unavailable',
    'supervision/process-gone',
    'the other process ended before it answered',
  );
}

function isOf<T extends { readonly type: string }>(
  message: unknown,
  type: T['type'],
): message is T {
  return (
    typeof message === 'object' && message !== null && 'type' in message && message.type === type
  );
}
