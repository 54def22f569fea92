import type { Program } from './program.js';

/** Something that relays: ours, a peer, or a bare loop. */
export interface Relay {
  readonly program: Program;
  /** Subject of its figures. */
  readonly name: string;
  /** Whether readers can have UDP. */
  readonly udp: boolean;
  /** Where it serves the camera with this number. */
  url(camera: number): string;
}

/** The media role. */
export class Media implements Relay {
  readonly name = 'nightjar';
  readonly udp = true;
  readonly operationsUrl: string;

  constructor(
    readonly program: Program,
    readonly rtspPort: number,
    operationsPort: number,
  ) {
    this.operationsUrl = `http://127.0.0.1:${operationsPort}`;
  }

  url(camera: number): string {
    return `rtsp://127.0.0.1:${this.rtspPort}/cam${camera}`;
  }

  /** Sum of all series of a metric; 0 when there is none. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.operationsUrl}/metrics`)).text();
    let sum = 0;
    for (const line of text.split('\n')) {
      if (line.startsWith(`${name}{`) || line.startsWith(`${name} `))
        sum += Number(line.slice(line.lastIndexOf(' ')));
    }
    return sum;
  }
}
