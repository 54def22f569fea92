import type {
  LoadAnswer,
  LoadFailure,
  LoadJoined,
  LoadMeasured,
  LoadOpened,
  LoadRequest,
  Transport,
} from './load/messages.js';
import type { Program } from './program.js';

/** Viewers in a process of their own; one call at a time. */
export class Load {
  constructor(readonly program: Program) {}

  /** Adds readers; resolves when all of them play. Reader i takes url i modulo their number. */
  async open(
    urls: readonly string[],
    options: {
      readonly readers: number;
      /** Default `tcp`. */
      readonly transport?: Transport;
      /** Look at every packet, for loss and latency; default false: only count. */
      readonly sampled?: boolean;
      /** UDP_GRO at counted UDP readers; default false. */
      readonly gro?: boolean;
    },
  ): Promise<LoadOpened> {
    const { readers, transport = 'tcp', sampled = false, gro = false } = options;
    return await this.ask({ kind: 'open', urls, readers, transport, sampled, gro });
  }

  /** What all readers get from now on for a while. */
  async measure(durationMs: number): Promise<LoadMeasured> {
    return await this.ask({ kind: 'measure', durationMs });
  }

  /** Readers that join at random moments of a stretch of time, each leaving after its first complete keyframe. */
  async join(
    urls: readonly string[],
    transport: 'tcp' | 'udp',
    joins: number,
    durationMs: number,
  ): Promise<LoadJoined> {
    return await this.ask({ kind: 'join', urls, transport, joins, durationMs });
  }

  /** All TCP readers stop reading, or go on. */
  async stall(stalled: boolean): Promise<void> {
    await this.ask({ kind: 'stall', stalled });
  }

  /** All readers leave. */
  async close(): Promise<void> {
    await this.ask({ kind: 'close' });
  }

  private async ask<K extends LoadRequest['kind']>(
    request: Extract<LoadRequest, { kind: K }>,
  ): Promise<Extract<LoadAnswer, { kind: K }>> {
    const { child } = this.program;
    return await new Promise((resolve, reject) => {
      const done = (): void => {
        child.off('message', answered);
        child.off('exit', gone);
      };
      const answered = (answer: Extract<LoadAnswer, { kind: K }> | LoadFailure): void => {
        done();
        if (answer.kind === 'failed') reject(new Error((answer as LoadFailure).reason));
        else resolve(answer as Extract<LoadAnswer, { kind: K }>);
      };
      const gone = (): void => {
        done();
        reject(new Error('the load process ended'));
      };
      child.on('message', answered);
      child.on('exit', gone);
      if (this.program.running) child.send(request);
      else gone();
    });
  }
}
