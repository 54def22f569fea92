import type { ChildProcess } from 'node:child_process';
import { messageOf, NightjarError, systemClock, type Clock } from '@nightjar/common';
import type { MetricJson, OperationsSource, Readiness } from './operations-source.js';

/** How long a child may take to answer; a scrape must not wait for a process that hangs. */
export const CHILD_ANSWER_MS = 2_000;

type Topic = 'metrics' | 'ready';

interface Answers {
  metrics: MetricJson[];
  ready: Readiness;
}

interface Question {
  readonly type: 'operations-question';
  readonly id: number;
  readonly topic: Topic;
}

type Answer = { readonly type: 'operations-answer'; readonly id: number } & (
  { readonly value: Answers[Topic] } | { readonly error: string }
);

/** The child, or a function that gives the one that runs now (a supervisor replaces crashed ones). */
export type ChildReference = ChildProcess | (() => ChildProcess | undefined);

/**
 * A forked child, asked over IPC. Its methods throw NightjarError `operations/...` when it is gone or does not answer in time.
 * @param answerMs less than {@link CHILD_ANSWER_MS} in a child that asks children of its own
 */
export function childSource(
  role: string,
  child: ChildReference,
  clock: Clock = systemClock,
  answerMs = CHILD_ANSWER_MS,
): OperationsSource {
  const ask = async <T extends Topic>(topic: T): Promise<Answers[T]> => {
    const running = typeof child === 'function' ? child() : child;
    if (running === undefined || !running.connected) throw gone('is not running');
    return lineTo(running).ask(topic, clock, answerMs);
  };
  return {
    role,
    metrics: () => ask('metrics'),
    ready: () => ask('ready'),
  };
}

const lines = new WeakMap<ChildProcess, ChildLine>();

function lineTo(child: ChildProcess): ChildLine {
  const line = lines.get(child) ?? new ChildLine(child);
  lines.set(child, line);
  return line;
}

interface Pending {
  resolve(value: Answers[Topic]): void;
  reject(error: NightjarError): void;
}

/** The questions open at one child. */
class ChildLine {
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;

  constructor(private readonly child: ChildProcess) {
    child.on('message', (message) => {
      if (!isAnswer(message)) return;
      if ('error' in message) {
        this.pending.get(message.id)?.reject(unavailable('operations/child-failed', message.error));
      } else {
        this.pending.get(message.id)?.resolve(message.value);
      }
    });
    child.on('disconnect', () => {
      for (const question of this.pending.values()) question.reject(gone('ended'));
    });
  }

  async ask<T extends Topic>(topic: T, clock: Clock, answerMs: number): Promise<Answers[T]> {
    const id = ++this.lastId;
    const question: Question = { type: 'operations-question', id, topic };
    const answer = new Promise<Answers[T]>((resolve, reject) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own code answers, per topic
      this.pending.set(id, { resolve: (value) => resolve(value as Answers[T]), reject });
      this.child.send(question, (error) => {
        if (error) reject(gone('ended'));
      });
    });
    const timer = clock.setTimer(answerMs, () =>
      this.pending
        .get(id)
        ?.reject(unavailable('operations/child-silent', `no answer within ${answerMs} ms`)),
    );
    try {
      return await answer;
    } finally {
      timer.cancel();
      this.pending.delete(id);
    }
  }
}

function gone(how: string): NightjarError {
  return unavailable('operations/child-gone', `the process ${how}`);
}

function unavailable(code: `operations/${string}`, message: string): NightjarError {
  return new NightjarError('unavailable', code, message);
}

/** The child's side of {@link childSource}. Does not keep the process alive by itself. */
export function answerParent(source: OperationsSource): void {
  const answerWith = async (question: Question): Promise<Answer> => {
    const head = { type: 'operations-answer', id: question.id } as const;
    try {
      const value = await (question.topic === 'metrics' ? source.metrics() : source.ready());
      return { ...head, value };
    } catch (error) {
      return { ...head, error: messageOf(error) };
    }
  };
  process.on('message', (message) => {
    if (!isQuestion(message)) return;
    void answerWith(message).then((answer) => {
      // A parent that died meanwhile needs no answer.
      if (process.connected) process.send?.(answer, undefined, undefined, () => undefined);
    });
  });
  process.channel?.unref();
}

function isQuestion(message: unknown): message is Question {
  return typeOf(message) === 'operations-question';
}

function isAnswer(message: unknown): message is Answer {
  return typeOf(message) === 'operations-answer';
}

function typeOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'type' in message
    ? message.type
    : undefined;
}
