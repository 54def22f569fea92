import { ManualClock } from '@nightjar/common';
import { createRtspSource, type RtspSourceOptions } from '../rtsp-source.js';
import type { Source } from '../source.js';
import { StartGate } from '../start-gate.js';
import { Camera, NotingSink } from './camera.js';

/** Event-loop turns after which a condition is taken for never coming true. */
const MANY_TURNS = 200_000;

/** Lets socket events run, doing `each` between, until `condition` holds. */
export async function until(
  condition: () => boolean,
  each: () => void = () => undefined,
): Promise<void> {
  for (let turn = 0; !condition(); turn += 1) {
    if (turn > MANY_TURNS) throw new Error(`never: ${String(condition)}`);
    each();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A scripted camera on a real socket, and a source that pulls it. */
export class SourceBench {
  readonly camera = new Camera();
  readonly clock = new ManualClock();
  readonly sink = new NotingSink();
  readonly logged: string[] = [];
  port = 0;
  private source: Source | undefined;

  async open(): Promise<void> {
    this.port = await this.camera.open();
  }

  make(options: Partial<RtspSourceOptions> = {}): Source {
    const { clock, sink, logged, port } = this;
    const log = (fields: object, message: string): void =>
      void logged.push(`${message} ${JSON.stringify(fields)}`);
    this.source = createRtspSource(
      {
        url: `rtsp://127.0.0.1:${port}/live`,
        transport: 'auto',
        inactivityMs: 5_000,
        reconnect: { initialMs: 1_000, maxMs: 8_000 },
        gate: new StartGate(clock, { spacingMs: 0 }),
        clock,
        log: { debug: log, info: log, warn: log },
        ...options,
      },
      sink,
    );
    return this.source;
  }

  /** Advances to the retry, once the old connection is gone. */
  async retry(): Promise<void> {
    const { camera, clock } = this;
    await until(() => this.source?.stats.state === 'waiting');
    const before = camera.connections.length;
    await until(
      () => camera.connections.length > before,
      () => clock.advance(500),
    );
  }

  async close(): Promise<void> {
    await this.source?.stop();
    await this.camera.close();
  }
}
